"""Names of the environment variables that set up the application."""

SIZE = "BENCH_SIZE"
SECRET = "BENCH_SECRET"
THREADS = "BENCH_THREADS"

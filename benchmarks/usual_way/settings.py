"""What gunicorn reads: `--config python:benchmarks.usual_way.settings`. It passes over names that its version lacks."""

workers = 2
graceful_timeout = 5
control_socket_disable = True

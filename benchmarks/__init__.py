"""Benchmarks: what a Xundan on one machine takes in, what that costs, and how fast it answers; see README.md."""

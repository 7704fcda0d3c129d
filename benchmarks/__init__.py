"""Benchmarks: each prints a ratio against a named peer, measured in one run. `make bench`, or `make bench ARGS=door`."""

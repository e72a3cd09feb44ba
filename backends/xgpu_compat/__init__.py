"""Backends out of other array libraries: torch, JAX, CuPy and dask, a module for each."""

"""The reference backend: NumPy on the host's processor."""

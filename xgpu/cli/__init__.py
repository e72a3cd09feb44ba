"""The command `xgpu`. Nothing else in the library imports it."""

"""CUDA: fused kernels on NVIDIA GPUs through CuPy, and the same kernels in a simulator.

Two plugins share everything but the driver: ``cuda`` (`xgpu_cuda.plugin`) and ``cudasim``
(`xgpu_cuda.plugin_simulator`). Importing either imports no CuPy and touches no device.
"""

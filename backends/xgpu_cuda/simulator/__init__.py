"""The CUDA simulator: the kernels' own sources, compiled by the host's C++ compiler.

``cuda_simulator.h`` stands for the CUDA language, ``runtime.cpp`` for the device: a block's
threads are fibers (``fiber.h``) that take turns at barriers and warp functions. It reports writes
outside an allocation and divergent barriers, which a GPU does not.
"""

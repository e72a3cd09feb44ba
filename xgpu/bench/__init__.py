"""Timing: what a call costs the device and the host, and how near it comes to the roofline.

Not brought by ``import xgpu``: ``import xgpu.bench``.
"""

from xgpu.bench.ceiling import copy_ceiling
from xgpu.bench.timer import Timing, time

__all__ = ["Timing", "copy_ceiling", "time"]

"""Fourier transforms by cuFFT."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, Final

from xgpu.plugin import Strided, dtypes
from xgpu_cuda.driver.cupy_libraries.session import Routines, Session, array
from xgpu_cuda.driver.libraries import Transform
from xgpu_cuda.driver.memory import Memory

PLANS: Final = 16
"""How many plans, each with memory of its own, are kept."""

_NAMES: Final[dict[tuple[Transform, int], str]] = {
    ("fft", 8): "CUFFT_C2C",
    ("ifft", 8): "CUFFT_C2C",
    ("rfft", 4): "CUFFT_R2C",
    ("irfft", 8): "CUFFT_C2R",
    ("fft", 16): "CUFFT_Z2Z",
    ("ifft", 16): "CUFFT_Z2Z",
    ("rfft", 8): "CUFFT_D2Z",
    ("irfft", 16): "CUFFT_Z2D",
}
"""cuFFT's name of a transform, by the bytes of an element that it reads."""


class FourierLibrary(Routines):
    """Plans of one dimension, made when they are first needed, for each stream its own.

    A plan has memory that it works in, so it cannot run on two streams at once.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._plans: OrderedDict[tuple[int, int, str, int, int], Any] = OrderedDict()

    def transform(
        self, device: int, kind: Transform, source: Strided, target: Memory, points: int
    ) -> None:
        """See `xgpu_cuda.driver.Libraries.transform`."""
        name = _NAMES[kind, source.dtype.itemsize]
        batch = math.prod(source.shape[:-1])
        whole = Strided(target, dtypes.uint8, (target.nbytes,), (1,), 0)

        def run(cupy: Any) -> None:
            cufft = cupy.cuda.cufft
            stream = cupy.cuda.get_current_stream().ptr
            key = device, stream, name, points, batch
            direction = cufft.CUFFT_INVERSE if kind == "ifft" else cufft.CUFFT_FORWARD
            # The plan takes addresses and nothing else from the two arrays.
            self._plan(cufft, key).fft(array(cupy, source), array(cupy, whole), direction)

        self._session.call(device, kind, run)

    def _plan(self, cufft: Any, key: tuple[int, int, str, int, int]) -> Any:
        plan = self._plans.pop(key, None)
        if plan is None:
            _, _, name, points, batch = key
            try:
                plan = cufft.Plan1d(points, getattr(cufft, name), batch)
            except MemoryError:
                self._plans.clear()  # the session calls once more, with their memory
                raise
            while len(self._plans) >= PLANS:
                self._plans.popitem(last=False)
        self._plans[key] = plan
        return plan

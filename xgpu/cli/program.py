"""The demo's program and its data, and one measured run of it on a device."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import click
import numpy as np

import xgpu

#: What the largest difference from the reference may be. All results are of order one, in
#: float64; sums in another order and fused multiply-adds differ in the last bits, which the
#: program's 85 steps enlarge.
TOLERANCE = 1e-9
NEEDED_ACCURACY = 0.90


class Data(NamedTuple):
    """scikit-learn's digits: images (1797, 64) float64, labels (1797,) int64."""

    images: Any
    labels: Any


@dataclass(frozen=True)
class Measured:
    """What one run on one device gave."""

    device: str
    seconds: float  #: wall-clock time, compiling included
    compiling: float  #: seconds of it that compiling took
    ops: tuple[int, ...]  #: for each kernel launched, how many ops it fuses
    accuracy: float
    difference: float  #: largest absolute difference of any result from the reference
    projection: Any

    def passed(self) -> bool:
        """Whether the run is as accurate and as near to the reference as it must be."""
        return self.accuracy >= NEEDED_ACCURACY and self.difference <= TOLERANCE


def load_data() -> Data:
    """The images that ship inside scikit-learn.

    Raises:
        click.ClickException: scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise click.ClickException(
            f"the demo's data ships inside scikit-learn, which does not import ({error}); "
            "install the extra: pip install 'xgpu-array[demo]'"
        ) from error
    digits = load_digits()
    return Data(digits.data.astype(np.float64), digits.target.astype(np.int64))


def measure(
    program: ModuleType,
    data: Data,
    reference: dict[str, Any],
    device: xgpu.Device,
    done: Callable[[], None],
) -> Measured:
    """Run the program on ``device`` and compare it with ``reference``, NumPy's own results."""
    images = xgpu.asarray(data.images, device=device)
    labels = xgpu.asarray(data.labels, device=device)
    start = time.perf_counter()
    with xgpu.trace() as trace:
        results = program.digits(images, labels, xgpu, done)
        xgpu.materialize(*results.values())
        xgpu.synchronize(device)
    seconds = time.perf_counter() - start
    host = {name: np.asarray(xgpu.to_device(value, "cpu")) for name, value in results.items()}
    return Measured(
        device=str(device),
        seconds=seconds,
        compiling=sum(kernel.seconds for kernel in trace.kernels),
        ops=tuple(len(kernel.ops) for kernel in trace.kernels),
        accuracy=float(host["accuracy"]),
        # numpy.max, unlike max, lets NaN win.
        difference=float(
            np.max([np.max(np.abs(host[name] - reference[name])) for name in reference])
        ),
        projection=host["projection"],
    )

"""The digits demo, whole: some hundred small kernels, where the host's time counts."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from xgpu.bench.case import Case, Draw


@cache
def load_program() -> ModuleType:
    """The documentation's example: a wheel carries it in xgpu/cli, a source tree in docs."""
    package = Path(__file__).parents[2]
    places = (package / "cli" / "digits.py", package.parent / "docs" / "examples" / "digits.py")
    path = next(place for place in places if place.exists())
    spec = importlib.util.spec_from_file_location("xgpu_digits", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def demo(xp: Any, images: Any, labels: Any) -> Any:
    """The projection, and the weights of the regression."""
    results = load_program().digits(images, labels, xp)
    return xp.concat(
        [xp.reshape(results[name], (-1,)) for name in ("projection", "weights", "centres")]
    )


def demo_of(compatible: str) -> Any:
    """By way of array-api-compat, where a library lacks names of the standard."""

    def run(module: Any, images: Any, labels: Any) -> Any:
        return demo(importlib.import_module(compatible), images, labels)

    return run


CASES: Final = (
    Case(
        "digits",
        "the digits demo",
        # Of the shape of scikit-learn's digits: 1,797 images of 64 pixels, in 17 shades.
        (Draw((1797, 64), "float64", 0.0, 17.0), Draw((1797,), "int64", 0, 10)),
        {
            "xgpu": demo,
            "numpy": demo,
            "cupy": demo_of("array_api_compat.cupy"),
            "torch": demo_of("array_api_compat.torch"),
        },
        group="digits",
        tolerance=1e-7,
        streams=False,
    ),
)

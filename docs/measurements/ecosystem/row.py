"""One row of the table: a call of a consumer, and arrays to call it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np


@dataclass(frozen=True)
class Row:
    """``run(*arrays)`` is called with NumPy's arrays, and with xgpu's in their place."""

    consumer: str
    call: str
    run: Callable[..., Any]
    arrays: tuple[Any, ...]
    rtol: float = 1e-6
    expected: Callable[..., Any] | None = None  #: where NumPy's arrays are called with another
    only: str = ""  #: the type of the devices that the consumer has arrays on; empty for all
    dtypes: bool = True  #: whether results have the dtype that NumPy's arrays give


def each(
    consumer: str, module: Any, names: str, *arrays: Any, prefix: str = "", **options: Any
) -> Iterable[Row]:
    """A row for each function of a module that is called with arrays alone."""
    for name in names.split():
        yield Row(consumer, prefix + name, getattr(module, name), arrays, **options)


def fields(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    """The fields of a result that is an object."""
    return lambda result: tuple(getattr(result, name) for name in names)


_random: Final = np.random.default_rng(0)
X: Final = _random.standard_normal((60, 5))
TARGET: Final = X @ _random.standard_normal(5)
LABELS: Final = (X[:, 0] + 0.3 * _random.standard_normal(60) > 0).astype(np.int64)
POSITIVE: Final = np.abs(X)
SIGNAL: Final = X[:, 0].copy()
OTHER: Final = X[:, 1].copy()
SQUARE: Final = X[:5] @ X[:5].T + np.eye(5)
SHARES: Final = 1 / (1 + np.exp(-TARGET))
"""Probabilities."""

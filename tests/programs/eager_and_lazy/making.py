"""Steps that make arrays: from the host, from nothing, from others."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import xgpu
from tests.programs.eager_and_lazy.machine import Machine
from xgpu.plugin import dtypes

LENGTHS: Final = (0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 17, 33)
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "b": (False, True),
    "i": (0, 1, 2, 3, 5, 7, 100, -1, -2, -3, -128),
    "u": (0, 1, 2, 3, 5, 7, 200),
    "f": (0.0, -0.0, 0.5, 1.0, 1.5, 3.0, -0.75, -1.0, -2.25, 0.1, 0.7, 40.0, 1e-3, -1e-40),
    "special": (float("inf"), float("-inf"), float("nan"), 3e38, -7e-46, 1e-310),
}


def new(m: Machine) -> None:
    """An array of small and of special values, from the host."""
    dtype = m.random.choice(dtypes.ALL)
    if m.coin(3):
        dtype = m.random.choice([xgpu.float32, xgpu.float64])
    shape = m.shape
    if shape is None or m.coin(4):
        shape = tuple(m.random.choices(LENGTHS, k=m.random.randint(0, 3)))
        while int(np.prod(shape)) > 600:
            shape = shape[1:]
    host = values(m, dtype, shape)
    text = f"asarray({host.reshape(-1).tolist()}, {dtype}).reshape{shape}"
    m.step(text.replace("{", "{{"), lambda: xgpu.asarray(host, device=m.device))


def values(m: Machine, dtype: Any, shape: tuple[int, ...]) -> Any:
    """Values of a dtype as a NumPy array."""
    kind = "f" if dtype.kind == "V" else dtype.kind
    special = kind in "fc" and m.coin(4)

    def drawn() -> Any:
        from_ = VALUES["f" if kind == "c" else kind]
        found = np.asarray(m.random.choices(from_, k=int(np.prod(shape))))
        if special and found.size:
            place = m.random.randrange(found.size)
            found[place] = m.random.choice(VALUES["special"])
        return found

    with np.errstate(all="ignore"):
        if kind == "c":
            result = np.empty(int(np.prod(shape)), dtype)
            result.real, result.imag = drawn(), drawn()
        else:
            result = drawn().astype(dtype)
    return result.reshape(shape)


def generate(m: Machine) -> None:
    """An array that takes no memory until it is written to."""
    shape = m.shape if m.shape and m.coin() else m.lengths()
    n, k = m.random.choices(LENGTHS, k=2)
    dtype = m.random.choice(dtypes.ALL)
    real = m.random.choice([xgpu.float32, xgpu.float64])
    value = m.random.choice(VALUES["f"])
    on = m.device
    m.step(
        *m.random.choice(
            [
                (f"zeros({shape}, {dtype})", lambda: xgpu.zeros(shape, dtype=dtype, device=on)),
                (f"ones({shape}, {dtype})", lambda: xgpu.ones(shape, dtype=dtype, device=on)),
                (
                    f"full({shape}, {value}, {real})",
                    lambda: xgpu.full(shape, value, dtype=real, device=on),
                ),
                (f"arange({n}, -{k}, -2)", lambda: xgpu.arange(n, -k, -2, device=on)),
                (
                    f"arange({n}, {n + k}, 0.3, {real})",
                    lambda: xgpu.arange(n, n + k, 0.3, dtype=real, device=on),
                ),
                (
                    f"linspace({value}, {k}, {n}, {real})",
                    lambda: xgpu.linspace(value, k, n, dtype=real, device=on),
                ),
                (f"eye({n}, {k}, k=-1)", lambda: xgpu.eye(n, k, k=-1, device=on)),
                (f"fftfreq({n + 1})", lambda: xgpu.fft.fftfreq(n + 1, device=on)),
                (f"rfftfreq({n + 1})", lambda: xgpu.fft.rfftfreq(n + 1, d=0.1, device=on)),
                (f"empty({n}) filled", lambda: _filled(xgpu.empty(n, device=on), value)),
                (f"asarray({value})", lambda: xgpu.asarray(value, device=on)),
            ]
        )
    )


def like(m: Machine) -> None:
    """An array of another one's shape, a triangle of it, a copy, or the same one."""
    twin = m.pick()
    if twin is None:
        return
    value, k = m.scalar(np.dtype(np.int8)), m.random.randint(-2, 2)
    copy = m.random.choice([True, None, False])
    calls: dict[str, Any] = {
        "zeros_like({})": xgpu.zeros_like,
        "ones_like({})": xgpu.ones_like,
        f"full_like({{}}, {value})": lambda x: xgpu.full_like(x, value),
        "empty_like({}) filled": lambda x: _filled(xgpu.empty_like(x), value),
        "empty_like({}) filled by parts": lambda x: _filled_by_parts(xgpu.empty_like(x), x),
        f"tril({{}}, k={k})": lambda x: xgpu.tril(x, k=k),
        f"triu({{}}, k={k})": lambda x: xgpu.triu(x, k=k),
        f"asarray({{}}, copy={copy})": lambda x: xgpu.asarray(x, copy=copy),
        "meshgrid({}, {})": lambda x: xgpu.meshgrid(x, x, indexing="ij"),
    }
    text = m.random.choice(sorted(calls))
    m.step(text.replace("{}, {}", "{0}, {0}"), calls[text], twin)


def _filled(x: xgpu.Array, value: Any) -> xgpu.Array:
    x[...] = value
    return x


def _filled_by_parts(x: xgpu.Array, source: xgpu.Array) -> xgpu.Array:
    if not x.ndim:
        return _filled(x, 0)
    x[::2], x[1::2] = source[::2], 0
    return x

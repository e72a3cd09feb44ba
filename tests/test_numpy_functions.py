"""Functions of NumPy beyond the standard, with NumPy's own as the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import xgpu
from tests.comparing import same, sample

SUMS = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,jk", (3, 4), (4, 5)),
    ("ji,jk->ki", (4, 3), (4, 5)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("bij,bkj->ibk", (2, 3, 4), (2, 5, 4)),
    ("ij->ji", (3, 4)),
    ("ij->", (3, 4)),
    ("ii->i", (4, 4)),
    ("ii", (4, 4)),
    ("iij->j", (3, 3, 4)),
    ("i,i", (5,), (5,)),
    ("i,j->ij", (5,), (3,)),
    ("ij,ij->ij", (3, 4), (3, 4)),
    ("ij,kl->ijkl", (2, 3), (4, 5)),
    ("ij,kl->jl", (2, 3), (4, 5)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    ("a,ab,b->", (3,), (3, 4), (4,)),
    (" i j , j k -> i k ", (3, 4), (4, 5)),
    ("ij,jk->ik", (3, 1), (4, 5)),
    ("ij,jk->ik", (0, 4), (4, 5)),
    ("ij,jk->ik", (3, 0), (0, 5)),
    (",i->i", (), (4,)),
]


@pytest.mark.parametrize(("subscripts", "shapes"), [(s[0], s[1:]) for s in SUMS], ids=str)
def test_einsum(subscripts: str, shapes: Any, device: xgpu.Device) -> None:
    operands = [sample(np.dtype("float64"), shape, seed=i) for i, shape in enumerate(shapes)]
    with xgpu.guard("error"):
        got = xgpu.einsum(subscripts, *(xgpu.asarray(a, device=device) for a in operands))
    assert got.device is device
    same(got, np.einsum(subscripts, *operands), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32", "complex64", "bool"])
def test_einsum_of_each_kind(dtype: str) -> None:
    a, b = sample(np.dtype(dtype), (3, 4)), sample(np.dtype(dtype), (4, 2), seed=1)
    x, y = xgpu.asarray(a), xgpu.asarray(b)
    for subscripts in ("ij,jk->ik", "ij,jk->j", "ij,kl->"):
        same(xgpu.einsum(subscripts, x, y), np.einsum(subscripts, a, b), rtol=1e-6)
    same(xgpu.einsum("ij->i", x), np.einsum("ij->i", a), rtol=1e-6)
    wide = xgpu.einsum("ij,jk->ik", x, y, dtype=xgpu.complex128)
    same(wide, np.einsum("ij,jk->ik", a.astype(complex), b.astype(complex)))


@pytest.mark.parametrize(
    ("subscripts", "shapes", "said"),
    [
        ("...i->i", [(3,)], "takes letters, commas and one '->'"),
        ("ij,jk->ik", [(3, 4)], r"does not fit operands of ranks \[2\]"),
        ("ij->i", [(3,)], "does not fit operands"),
        ("ij->ii", [(3, 3)], "letters must occur, and once"),
        ("ij->k", [(3, 3)], "letters must occur, and once"),
        ("ij,jk->ik", [(3, 4), (5, 2)], "'j' is 4 and 5 long"),
        ("ii->i", [(3, 1)], "'i' is 3 and 1 long"),
    ],
)
def test_einsum_refuses(subscripts: str, shapes: Any, said: str) -> None:
    operands = [np.ones(shape) for shape in shapes]
    with pytest.raises(ValueError, match=said):
        xgpu.einsum(subscripts, *map(xgpu.asarray, operands))


WIDTHS: list[Any] = [0, 2, (1, 2), ((1, 2),), ((1, 2), (0, 3)), [(2, 0), [1, 1]], [[1], [2]]]


@pytest.mark.parametrize("width", WIDTHS, ids=str)
@pytest.mark.parametrize("mode", ["constant", "edge", "wrap", "reflect", "symmetric"])
def test_pad(mode: Any, width: Any, device: xgpu.Device) -> None:
    a = sample(np.dtype("float64"), (4, 5))
    x = xgpu.asarray(a, device=device)
    with xgpu.guard("error"):
        got = xgpu.pad(x, width, mode)
    assert got.device is device
    same(got, np.pad(a, width, mode))
    got[...] = 0.0
    same(x, a)


def test_pad_with_values(device: xgpu.Device) -> None:
    a = np.arange(6).reshape(2, 3)
    x = xgpu.asarray(a, device=device)
    for values in (7, (1, 2), ((1, 2), (3, 4))):
        got = xgpu.pad(x, 1, constant_values=values)
        same(got, np.pad(a, 1, constant_values=values))
    same(xgpu.pad(x, np.asarray([[1, 0], [0, 2]])), np.pad(a, [[1, 0], [0, 2]]))
    empty = xgpu.pad(xgpu.zeros((0, 2), device=device), 1)
    same(empty, np.pad(np.zeros((0, 2)), 1))


@pytest.mark.parametrize(
    ("width", "options", "error", "said"),
    [
        (1, {"mode": "linear_ramp"}, ValueError, "modes constant, edge, .*: got 'linear_ramp'"),
        (-1, {}, ValueError, "widths of at least 0: got -1"),
        (1.5, {}, TypeError, "pad_width must be an integer"),
        ((1, 2, 3), {}, ValueError, "pad_width as a number or a pair for each axis"),
        (((1, 2),) * 3, {}, ValueError, "pad_width as a number or a pair"),
        (1, {"constant_values": (1, 2, 3)}, ValueError, "constant_values as a number or a pair"),
        (1, {"constant_values": 0.5}, TypeError, "cannot put 0.5 into an array of int64"),
        (3, {"mode": "reflect"}, ValueError, "'reflect' has at most 1 elements for axis 0"),
        (3, {"mode": "wrap"}, ValueError, "'wrap' has at most 2 elements for axis 0"),
    ],
)
def test_pad_refuses(width: Any, options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        xgpu.pad(xgpu.ones((2, 3), dtype=xgpu.int64), width, **options)


def test_transpose(device: xgpu.Device) -> None:
    a = sample(np.dtype("int64"), (2, 3, 4))
    x = xgpu.asarray(a, device=device)
    same(xgpu.transpose(x), a.transpose())
    view = xgpu.transpose(x, [1, 0, 2])
    same(view, a.transpose(1, 0, 2))
    view[0, 0, 0] = 99
    assert int(x[0, 0, 0]) == 99
    with pytest.raises(ValueError, match="axes"):
        xgpu.transpose(x, (0, 1))

"""The op table and the promotion rules that go with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import xgpu
from xgpu.plugin import KernelOp, dtypes, ops, promotion
from xgpu.plugin.program import REDUCTION_NAMES, Input, Instr, Output, Program


def test_rows_are_named_once_and_say_what_they_take() -> None:
    for name, op in ops.TABLE.items():
        assert op.name == name
        assert set(op.accepts) <= set("biufc")
        assert op.arity in (0, 1, 2, 3)
    assert {op.name for op in ops.reductions()} == REDUCTION_NAMES


def test_promotion_is_numpys_and_gives_the_canonical_objects() -> None:
    for a, b in itertools.product(dtypes.STANDARD, repeat=2):
        assert promotion.promote(a, b) == np.promote_types(a, b)
        assert promotion.promote(a, b) in dtypes.STANDARD
        assert any(promotion.promote(a, b) is d for d in dtypes.STANDARD)


@pytest.mark.parametrize("scalar", [True, 1, 1.0, 1j])
def test_weak_scalars_follow_numpys_rule(scalar: complex) -> None:
    for dtype in dtypes.STANDARD:
        expected = np.result_type(np.empty(0, dtype), scalar)
        kind: Any = type(scalar)
        assert promotion.weak(dtype, kind) == expected


def test_a_scalar_that_does_not_fit_overflows() -> None:
    with pytest.raises(OverflowError, match="300 out of bounds for uint8"):
        promotion.fit(300, dtypes.uint8)
    with pytest.raises(OverflowError, match="-1 out of bounds for uint64"):
        promotion.fit(-1, dtypes.uint64)
    assert promotion.fit(3, dtypes.float32) == 3.0


@pytest.mark.parametrize("bad", ["object", "U5", "float16x", object, None, "datetime64[s]", str])
def test_dtypes_that_xgpu_lacks_are_type_errors(bad: object) -> None:
    with pytest.raises(TypeError, match="allowed are bool, int8"):
        dtypes.check(bad)


def test_foreign_byte_order_is_the_native_dtype() -> None:
    assert dtypes.check(">f8") is dtypes.float64


def test_programs_are_values() -> None:
    def make() -> Program:
        body = (Instr("load", dtypes.float32, (0,)), Instr("sum", dtypes.float32, (0,)))
        return Program(
            1,
            1,
            False,
            (Input(dtypes.float32, "contiguous"),),
            body,
            (Output(1, dtypes.float32, "contiguous", True),),
        )

    assert make() == make()
    assert hash(make()) == hash(make())
    assert make().levels() == (False, True)
    assert make().ops() == ("sum",)


def test_a_kernel_of_its_own_gets_the_attributes_that_its_row_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = xgpu.device("cpu").backend
    seen: dict[str, set[str]] = {}

    def watched(name: str, run: KernelOp) -> KernelOp:
        def watching(
            device: int, operands: Any, results: Any, attributes: Mapping[str, Any]
        ) -> list[Any]:
            seen.setdefault(name, set()).update(attributes)
            return run(device, operands, results, attributes)

        return watching

    watching = {name: watched(name, run) for name, run in backend.kernel_ops.items()}
    monkeypatch.setattr(backend, "kernel_ops", watching)
    x = xgpu.asarray([[4.0, 1.0], [1.0, 3.0]], device="cpu")
    y = xgpu.astype(x, xgpu.complex128)
    index = xgpu.asarray([1, 0], device="cpu")
    calls: list[tuple[Callable[..., object], tuple[xgpu.Array, ...]]] = [
        *((function, (x,)) for function in (xgpu.sort, xgpu.argsort, xgpu.nonzero)),
        *((function, (x[0, :],)) for function in (xgpu.cumulative_sum, xgpu.cumulative_prod)),
        *((function, (x, x)) for function in (xgpu.matmul, xgpu.linalg.solve)),
        *((function, (y,)) for function in (xgpu.fft.fft, xgpu.fft.irfft)),
        (xgpu.fft.rfft, (x,)),
        (xgpu.linalg.slogdet, (x,)),
        (xgpu.searchsorted, (x[:, 0], x[:, 1])),
    ]
    for call, operands in calls:
        call(*operands)
    for name in ("cholesky", "qr", "svd", "svdvals", "eigh", "eigvalsh", "eig", "eigvals"):
        getattr(xgpu.linalg, name)(x)
    xgpu.take(x, index, axis=0)
    x[index, index] = 5.0
    assert seen == {op.name: set(op.attributes) for op in ops.kernels()}

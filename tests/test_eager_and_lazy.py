"""Recorded and fused is op by op: random programs of every kind of op, bit for bit.

For a long run, name the number of programs; they differ from run to run:
``XGPU_TEST_PROGRAMS=20000 pytest tests/test_eager_and_lazy.py -k every_kind``.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import xgpu
from tests.programs.eager_and_lazy import elementwise, selecting, shaping, writing
from tests.programs.eager_and_lazy.machine import different
from tests.programs.eager_and_lazy.program import materialize, read, run

COUNT = int(os.environ.get("XGPU_TEST_PROGRAMS", "0"))
PROGRAMS = st.lists(st.integers(0, 2**32 - 1), min_size=10, max_size=30)
SHAPES = st.sampled_from([None, None, (4,), (3, 3), (17,), (2, 3, 4), (33,)])
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
#: Functions that compute nothing, and the one that shares memory with others.
OTHERS = {
    *("__array_namespace_info__", "broadcast_shapes", "can_cast", "finfo", "from_dlpack"),
    *("iinfo", "isdtype", "result_type"),
}
#: Steps whose bits every device gives fused or not; a sum that is fused may be split differently.
EXACT = [
    elementwise.unary,
    elementwise.binary,
    elementwise.operate,
    elementwise.choose,
    elementwise.cast,
    elementwise.chain,
    shaping.index,
    shaping.view,
    shaping.broadcast,
    shaping.reshape,
    shaping.join,
    writing.assign,
    writing.assign_by_mask,
    writing.assign_by_integers,
    writing.update,
    selecting.select,
    selecting.order,
    selecting.search,
    read,
    materialize,
]


@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=COUNT or 500, derandomize=not COUNT, phases=PHASES)
def test_programs_of_every_kind_of_op(seeds: list[int], shape: tuple[int, ...] | None) -> None:
    run("cpu", note, shape, seeds)


@given(seeds=PROGRAMS, shape=SHAPES)
@settings(max_examples=COUNT or 150, derandomize=not COUNT, phases=PHASES)
def test_programs_while_traced(seeds: list[int], shape: tuple[int, ...] | None) -> None:
    with xgpu.trace():
        run("cpu", note, shape, seeds)


@pytest.mark.parametrize("seed", range(2))
def test_programs_of_exact_ops_on_each_device(device: xgpu.Device, seed: int) -> None:
    run(device, lambda _: None, (3, 3), [1000 * seed + i for i in range(25)], EXACT)


def test_most_steps_are_no_errors() -> None:
    machine = run("cpu", lambda _: None, (4,), [*range(1000)])
    assert machine.made > 900
    assert machine.failed < machine.made / 5


def test_every_function_that_computes_is_among_the_steps() -> None:
    folder = Path(__file__).parent
    signatures = json.loads((folder / "data" / "signatures.json").read_text())
    sources = (folder / "programs" / "eager_and_lazy").glob("*.py")
    words = {word for path in sources for word in re.findall(r"(?<!np\.)\b\w+", path.read_text())}
    assert {name for names in signatures.values() for name in names} - words == OTHERS


def test_a_difference_is_seen() -> None:
    def differ(one: object, other: object, dtype: str) -> list[bool]:
        result: list[bool] = different(np.asarray(one, dtype), np.asarray(other, dtype)).tolist()
        return result

    nan, other_nan = np.asarray([0x7FC00000, 0xFFC00001], "u4").view("f4")
    assert not different(nan, other_nan).any()
    assert differ([0.0], [-0.0], "f4") == [True]
    assert differ([1 + 0j, 0], [complex(1, -0.0), 0], "c16") == [True, False]
    assert differ(1.0, np.nextafter(1.0, 2), "f8") == [True]
    assert differ([[1, 2]], [[1, 3]], "i1") == [False, True]


# What random programs have found, each in its smallest form.


@pytest.mark.parametrize("dtype", [xgpu.float32, xgpu.float64], ids=str)
@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log1p", "sinh", "cosh", "tan", "asinh", "atanh", "log10"]
)
def test_a_function_of_a_reversed_array_has_the_bits_of_its_copy(name: str, dtype: object) -> None:
    x = xgpu.asarray(np.linspace(0.01, 0.99, 203), dtype=dtype)  # type: ignore[arg-type]
    call = getattr(xgpu, name)
    copied = np.asarray(call(xgpu.asarray(np.asarray(x)[::-1].copy())))
    assert not different(np.asarray(call(x[::-1])), copied).any()
    assert not different(np.asarray(call(xgpu.flip(x + 0.0))), copied).any()
    assert not different(np.asarray(call(xgpu.positive(x))[::-1]), copied).any()


@pytest.mark.parametrize("name", ["square", "abs", "sign", "multiply", "divide", "pow"])
@pytest.mark.parametrize("dtype", [xgpu.complex64, xgpu.complex128], ids=str)
def test_complex_ops_of_a_reversed_array_have_the_bits_of_its_copy(
    name: str, dtype: object
) -> None:
    random = np.random.default_rng(0)
    values = (random.standard_normal(203) + 1j * random.standard_normal(203)).astype(dtype)  # type: ignore[call-overload]
    call = getattr(xgpu, name)

    def result(x: xgpu.Array) -> object:
        return np.asarray(call(x, x) if name in ("multiply", "divide", "pow") else call(x))

    x, copied = xgpu.asarray(values), xgpu.asarray(values[::-1].copy())
    assert not different(result(x[::-1]), result(copied)).any()

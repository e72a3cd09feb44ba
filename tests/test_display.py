"""How arrays show themselves."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import xgpu

pytestmark = pytest.mark.usefixtures("on_device")

SHAPES = [(), (0,), (0, 5), (3,), (1000,), (1001,), (40, 30), (7, 200), (1, 1, 2000), (5, 8, 9, 10)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["int16", "float64", "bool", "complex64"])
def test_repr_is_numpys(dtype: str, shape: tuple[int, ...], device: xgpu.Device) -> None:
    count = int(np.prod(shape))
    values = (np.arange(count) % 77 / 3).astype(dtype).reshape(shape)
    text = repr(xgpu.asarray(values))
    body = np.array2string(values, separator=", ", prefix="Array(")
    left_out = f", shape={shape}" if "..." in body else ""
    assert text == f"Array({body}{left_out}, dtype={dtype}, device={str(device)!r})"


def test_only_what_is_shown_is_copied() -> None:
    x = xgpu.arange(1_000_000).reshape(1000, 1000) * 2
    with xgpu.trace() as trace:
        repr(x)
    assert sum(copy.bytes for copy in trace.copies if copy.direction == "to host") == 8 * 7 * 7


def test_format() -> None:
    x = xgpu.asarray([1.5, 2.25])
    assert f"{x}" == str(x) == repr(x)
    assert f"{x[0]:.3f}" == "1.500"
    assert f"{xgpu.sum(x):8.2e}" == "3.75e+00"
    with pytest.raises(TypeError, match=r"for one number: got shape \(2,\)"):
        f"{x:.3f}"


def test_html(device: xgpu.Device) -> None:
    text = xgpu.asarray([[1, 2], [3, 4]])._repr_html_()
    for part in ("(2, 2)", "int64", str(device), "[1, 2]"):
        assert part in text
    assert "..." in xgpu.zeros((100, 100))._repr_html_()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ is Python's since 3.12")
def test_buffer(device: xgpu.Device) -> None:
    x: Any = xgpu.asarray([[1.0, 2.0]])
    if device.type != "cpu":
        with pytest.raises(BufferError, match="no buffer in the host's memory"):
            memoryview(x)
        return
    seen: Any = memoryview(x)
    assert seen.tolist() == [[1.0, 2.0]]
    seen[0, 1] = 5.0
    x[0, 0] = 4.0
    assert x.tolist() == seen.tolist() == [[4.0, 5.0]]
    assert memoryview(xgpu.broadcast_to(x, (2, 2))).readonly


def test_buffer_without_python_asking(device: xgpu.Device) -> None:
    x = xgpu.asarray([[1, 2]], dtype=xgpu.int32)
    if device.type != "cpu":
        with pytest.raises(BufferError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
            x.__buffer__(0)
        return
    seen: Any = x.__buffer__(0)
    x += 1
    assert seen.tolist() == [[2, 3]]
    with pytest.raises(BufferError, match="bfloat16 has no buffer"):
        xgpu.ones(2, dtype=xgpu.bfloat16).__buffer__(0)

"""An op that neither the backend nor a composite has: an error, or a fallback that is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import array_api_strict
import numpy as np
import pytest

import xgpu
from tests.comparing import host
from xgpu.array import read
from xgpu.plugin import NamespaceBackend

GONE = ("hypot", "prod", "cumulative_sum", "qr", "maximum", "greater", "less")


class Few(NamespaceBackend):
    """The standard without some of it."""

    def _defaults(self) -> dict[str, Any]:
        return {name: f for name, f in super()._defaults().items() if name not in GONE}


@pytest.fixture
def few() -> Iterator[str]:
    xgpu.register_backend("few", Few("few", array_api_strict))
    yield "few:0"
    xgpu.unregister_backend("few")


def test_a_plugin_says_what_it_has(few: str) -> None:
    backend = xgpu.device(few).backend
    assert {"hypot", "prod", "maximum", "greater", "less"} == backend.unsupported
    assert "qr" not in backend.kernel_ops


def test_the_error_names_op_backend_device_and_the_way_out(few: str) -> None:
    x = xgpu.asarray([[3.0, 1.0], [4.0, 2.0]], device=few)
    for name, call in (
        ("hypot", lambda: xgpu.hypot(x, x)),
        ("hypot", lambda: xgpu.hypot(x, 2.0)),
        ("prod", lambda: xgpu.prod(x)),
        ("greater", lambda: x > 1),
        ("maximum", lambda: xgpu.maximum(x, x)),
        ("cumulative_sum", lambda: xgpu.cumulative_sum(x, axis=0)),
        ("qr", lambda: xgpu.linalg.qr(x)),
    ):
        with pytest.raises(xgpu.UnsupportedOperationError) as caught:
            call()
        said = str(caught.value)
        assert f"backend 'few' of device few:0 has no {name}()" in said
        assert "xgpu.to_device(x, 'cpu')" in said
        assert 'xgpu.allow_fallback("numpy")' in said


def test_what_was_learnt_on_one_device_holds_for_that_one(few: str) -> None:
    there, here = xgpu.asarray([1.0, 2.0], device=few), xgpu.asarray([1.0, 2.0], device="cpu")
    for _ in range(3):
        assert host(here > 1.5).tolist() == host(here > 1).tolist() == [False, True]
        assert host(xgpu.maximum(here, here[::-1])).tolist() == [2.0, 2.0]
        assert host((there + there) * 2.0).tolist() == [4.0, 8.0]
        calls: list[Callable[[], object]] = [
            lambda: there > 1.5,
            lambda: there > 1,
            lambda: there > there[::-1],
            lambda: xgpu.maximum(there, there[::-1]),
            lambda: xgpu.prod(there),
        ]
        for call in calls:
            with pytest.raises(xgpu.UnsupportedOperationError):
                call()


def test_one_over_x_is_a_quotient_where_there_is_no_reciprocal() -> None:
    class Other(NamespaceBackend):
        def _defaults(self) -> dict[str, Any]:
            return {k: f for k, f in super()._defaults().items() if k != "reciprocal"}

    xgpu.register_backend("other", Other("other", array_api_strict))
    try:
        here = xgpu.asarray([2.0, 4.0], device="cpu")
        x = xgpu.asarray([2.0, 4.0], device="other:0")
        for _ in range(3):
            assert read(1.0 / here).op.name == "reciprocal"
            assert read(4.0 / x).op.name == read(1.0 / x).op.name == read(1 / x).op.name == "divide"
            assert host(1.0 / x).tolist() == [0.5, 0.25]
    finally:
        xgpu.unregister_backend("other")


def test_a_fallback_computes_copies_back_and_is_counted(few: str) -> None:
    a = np.asarray([[3.0, 1.0], [4.0, 2.0]])
    x = xgpu.asarray(a, device=few)
    with xgpu.trace() as trace, xgpu.allow_fallback("numpy") as to:
        made = xgpu.hypot(x[:, ::-1], x.T)
        results = [
            (made, np.hypot(a[:, ::-1], a.T)),
            (xgpu.hypot(2.0 * x, x), np.hypot(2 * a, a)),
            (xgpu.prod(x, axis=0), a.prod(axis=0)),
            (x > 1, a > 1),
            (xgpu.cumulative_sum(x, axis=0), a.cumsum(axis=0)),
            (xgpu.linalg.qr(x).R, np.linalg.qr(a).R),
        ]
    assert str(to) == "cpu"
    for got, right in results:
        assert str(got.device) == few
        np.testing.assert_allclose(host(got), right, rtol=1e-14)
    counted = [(record.op, record.device, record.to) for record in trace.fallbacks]
    names = ["hypot", "hypot", "prod", "greater", "cumulative_sum", "qr"]
    assert counted == [(name, few, "cpu") for name in names]
    assert all(str(record.line).startswith(__file__) for record in trace.fallbacks)
    reasons = [copy.reason for copy in trace.copies if copy.direction == "to host"]
    assert reasons.count("prod() falls back") == 2  # there and back
    assert "fallback: qr of few:0 computed by cpu" in str(trace)


def test_what_can_be_made_does_not_fall_back(few: str) -> None:
    x = xgpu.asarray([3.0, 1.0], device=few)
    with xgpu.trace() as trace, xgpu.allow_fallback("numpy"):
        made = xgpu.square(x) + xgpu.sort(x)
        np.testing.assert_array_equal(host(made), [10.0, 4.0])
    assert not trace.fallbacks


def test_results_can_be_gone_on_with(few: str) -> None:
    x = xgpu.asarray([3.0, 4.0], device=few)
    with xgpu.allow_fallback("numpy"):
        y = xgpu.hypot(x, x)
    y[0] = 1.0
    np.testing.assert_allclose(host(y * 2), [2.0, 2 * np.hypot(4, 4)])


def test_it_is_allowed_inside_the_block_and_in_this_thread_alone(few: str) -> None:
    x = xgpu.asarray([3.0], device=few)
    raised: list[BaseException] = []

    def elsewhere() -> None:
        try:
            xgpu.hypot(x, x)
        except xgpu.UnsupportedOperationError as error:
            raised.append(error)

    with xgpu.allow_fallback():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with xgpu.allow_fallback(few), pytest.raises(xgpu.UnsupportedOperationError):
            xgpu.hypot(x, x)  # the same device lacks it too
        xgpu.hypot(x, x)
    assert len(raised) == 1
    with pytest.raises(xgpu.UnsupportedOperationError):
        xgpu.hypot(x, x)


def test_a_backend_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no backend serves"), xgpu.allow_fallback("nonsense"):
        pass
    with pytest.raises(TypeError, match="a device is a string"):
        xgpu.allow_fallback(3).__enter__()  # type: ignore[arg-type]

"""Large launches alternate their direction: every kernel has the same bits both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pytest

import xgpu as xp
from tests.comparing import host
from xgpu.codegen import BACKWARDS
from xgpu.runtime import matching
from xgpu_cuda import backend
from xgpu_cuda.driver import Directions
from xgpu_cuda.launch import kernel as launch_kernel
from xgpu_cuda.launch import reduction

Gone = dict[str, list[int]]


@pytest.fixture(params=["cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def cuda(request: pytest.FixtureRequest) -> Iterator[xp.Device]:
    try:
        device = xp.device(request.param)
    except xp.BackendUnavailableError as error:
        pytest.skip(str(error))
    _forget(device)
    yield device
    _forget(device)


@pytest.fixture
def gone(cuda: xp.Device, monkeypatch: pytest.MonkeyPatch) -> Gone:
    """The directions of launches, in order, by the name of the kernel."""
    found: Gone = defaultdict(list)
    driver = cuda.backend.driver
    launch = driver.launch

    def noted(device: int, function: Any, grid: Any, *rest: Any) -> None:
        found[function.name].append(int(rest[-1][BACKWARDS]))
        launch(device, function, grid, *rest)

    def launcher(*call: Any) -> Callable[[], None]:
        return lambda: noted(*call)

    monkeypatch.setattr(driver, "launch", noted)
    monkeypatch.setattr(driver, "launcher", launcher)
    return found


def _forget(device: xp.Device) -> None:
    device.kernels.clear()
    device.plans.clear()
    device.matchers.clear()


def array(cuda: xp.Device, *shape: int) -> xp.Array:
    values = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
    return xp.asarray(values, device=cuda)


def across(x: xp.Array) -> xp.Array:
    return xp.permute_dims(x, (2, 1, 0)) + xp.permute_dims(x, (0, 2, 1))


def softmax(x: xp.Array) -> xp.Array:
    e = xp.exp(x - xp.max(x, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


def stencil(x: xp.Array) -> xp.Array:
    return x[2:, 1:-1] + x[:-2, 1:-1] + x[1:-1, 1:-1]


PROGRAMS: Final[dict[str, tuple[str, tuple[int, ...], Callable[[xp.Array], xp.Array]]]] = {
    "points": ("xgpu_elementwise", (20_011,), lambda x: x * 2.5 + 1.0),
    "runs": ("xgpu_elementwise", (40, 256), lambda x: x[:, :128] * 2.5),
    "places": ("xgpu_elementwise", (40, 257), lambda x: x[:, 1:] * 2.5),
    "squares": ("xgpu_elementwise", (24, 24, 24), across),
    "tiles": ("xgpu_tiles", (200, 150), lambda x: x.T + 0.0),
    "stencil": ("xgpu_stencil", (70, 400), stencil),
    "softmax": ("xgpu_rows", (37, 500), softmax),
    "short rows": ("xgpu_rows", (300, 9), lambda x: x - xp.mean(x, axis=1, keepdims=True)),
    "rows across": ("xgpu_rows", (20, 300), lambda x: x - xp.max(x, axis=0, keepdims=True)),
    "sums of rows": ("xgpu_reduction_rows", (70, 600), lambda x: xp.sum(x * x, axis=1)),
    "a sum in segments": ("xgpu_reduction_rows", (50_021,), lambda x: xp.sum(x * 0.1)),
    "places of maxima": ("xgpu_reduction_rows", (9, 9_001), lambda x: xp.argmax(x, axis=1)),
    "sums of columns": ("xgpu_reduction_columns", (3_000, 70), lambda x: xp.sum(x, axis=0)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_both_ways(
    cuda: xp.Device, gone: Gone, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kernel, shape, program = PROGRAMS[name]
    x = array(cuda, *shape)
    xp.materialize(x)
    expected = host(program(x)).tobytes()
    assert set(gone.pop(kernel)) == {0}, "a small launch"
    _forget(cuda)
    monkeypatch.setattr(launch_kernel, "LARGE", 1)
    assert [host(program(x)).tobytes() for _ in range(4)] == [expected] * 4
    first = gone[kernel][0]
    assert gone[kernel] == [first, 1 - first, first, 1 - first]


def test_two_kernels_go_there_and_back(
    cuda: xp.Device, gone: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_kernel, "LARGE", 1 << 16)
    x = array(cuda, 6_000, 40)
    for _ in range(2):
        xp.materialize((x - xp.mean(x, axis=0)) / xp.std(x, axis=0))
    (columns,), (points,) = ({*gone[k]} for k in ("xgpu_reduction_columns", "xgpu_elementwise"))
    assert columns == 1 - points
    assert set(gone["xgpu_reduction_finish"]) <= {columns}, "its few blocks go forward all the same"


@pytest.mark.parametrize("several", [False, True])
def test_after_a_kernel_that_goes_one_way(
    cuda: xp.Device, gone: Gone, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    monkeypatch.setattr(cuda.backend.streams, "several", several)
    monkeypatch.setattr(launch_kernel, "LARGE", 1)
    monkeypatch.setattr(backend, "LARGE", 1)
    x = array(cuda, 3_000)
    for _ in range(2):
        xp.materialize(xp.cumulative_sum(x) + 1.0)
    assert gone["xgpu_elementwise"] == [1, 1]


def test_launches_that_are_prepared(
    cuda: xp.Device, gone: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_kernel, "LARGE", 1)
    monkeypatch.setattr(matching, "HITS", 1)

    def new_graph(device: int) -> Any:
        raise AssertionError("a graph goes the same way each time")

    monkeypatch.setattr(cuda.backend.driver, "new_graph", new_graph)
    x = array(cuda, 300, 20)
    xp.materialize(x)
    for program in (lambda x: x + 1.0, lambda x: xp.sum(x, axis=1)):
        gone.clear()
        found = [host(program(x)).tobytes() for _ in range(12)]
        assert found == found[:1] * 12
        (ways,) = gone.values()
        assert ways in ([0, 1] * 6, [1, 0] * 6)


def test_each_device_by_itself() -> None:
    directions = Directions()
    assert [directions.next(d) for d in (0, 0, 1, 0, 1)] == [0, 1, 0, 0, 1]


@pytest.mark.parametrize("name", ["sum", "argmin", "var"])
def test_many_segments(cuda: xp.Device, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """More than one block of the usual size merges quickly: a larger one does."""
    monkeypatch.setattr(reduction, "SEGMENT", 1)
    length = 2048 * 2048 + 5
    values = np.random.default_rng(3).random(length, np.float32)
    x = xp.asarray(values, device=cuda)
    found = host(getattr(xp, name)(x))
    expected = getattr(values.astype(np.float64), name)()
    np.testing.assert_allclose(found, expected, rtol=0 if name == "argmin" else 1e-5)
    (made,) = (k for k in cuda.kernels.values() if isinstance(k, reduction.ReductionKernel))
    (plan,) = made._plans.values()
    assert plan.finish_block == reduction.FINISH_BLOCK
    assert host(getattr(xp, name)(x)).tobytes() == found.tobytes()

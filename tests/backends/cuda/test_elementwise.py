"""The elementwise kernels on each driver, against the interpreter."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.backends.cuda.drivers import made
from tests.backends.cuda.interpreter import Builder, upload
from xgpu_cuda import launch
from xgpu_cuda.driver import Driver

RNG = np.random.default_rng(0)

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


@pytest.fixture(
    scope="module", params=["cudasim", "quick", pytest.param("cuda", marks=pytest.mark.gpu)]
)
def driver(request: pytest.FixtureRequest) -> Driver:
    """The simulator with the kernels for many points and for few, and the GPU."""
    return made(request.param)


def data(size: int, dtype: str) -> np.ndarray:
    """Values that stay exact under a few additions and multiplications."""
    whole = RNG.integers(-8, 8, size)
    if np.dtype(dtype).kind == "c":
        return (whole + 1j * RNG.integers(-8, 8, size)).astype(dtype)
    return whole.astype(dtype) if dtype != "bool" else whole > 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 3, 4, 5, 255, 1023, 1024, 1025, 4097, 70001])
def test_contiguous(driver: Driver, dtype: str, size: int) -> None:
    build = Builder((size,))
    x, y = build.contiguous(data(size, dtype)), build.contiguous(data(size, dtype))
    build.output(build.op("add", x, build.op("multiply", x, y)))
    build.check(driver)


@pytest.mark.parametrize("offset", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_unaligned(driver: Driver, dtype: str, offset: int) -> None:
    build = Builder((5000,))
    x = build.contiguous(data(5010, dtype), offset)
    y = build.contiguous(data(5000, dtype))
    build.output(build.op("add", x, y))
    build.output(build.op("multiply", x, y), into=data(5020, dtype), offset=8 - offset)
    build.check(driver)


@pytest.mark.parametrize(
    "dtypes", list(itertools.combinations(["bool", "int16", "float32", "float64"], 2))
)
def test_mixed_sizes(driver: Driver, dtypes: tuple[str, str]) -> None:
    build = Builder((3001,))
    x, y = (build.contiguous(data(3001, dtype)) for dtype in dtypes)
    build.output(
        build.op("add", build.op("cast", x, dtype="float64"), build.op("cast", y, dtype="float64"))
    )
    build.output(x)
    build.output(build.op("cast", y, dtype="uint8"))
    build.check(driver)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars_and_uniform(driver: Driver, dtype: str) -> None:
    build = Builder((77,))
    x = build.contiguous(data(77, dtype))
    one = build.scalar(np.array(1).astype(dtype).item(), dtype)
    u = build.load(data(9, dtype), "uniform", 5)
    both = build.op("multiply", one, u)  # computed once per thread
    build.output(build.op("add", x, both))
    build.output(both)
    build.check(driver)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (2**63 - 1, "int64"),
        (-(2**63), "int64"),
        (2**64 - 1, "uint64"),
        (-1, "int8"),
        (0.1, "float32"),
        (float("nan"), "float64"),
        (-0.0, "float32"),
        (complex(-0.0, float("inf")), "complex64"),
        (True, "bool"),
    ],
)
def test_scalar_values(driver: Driver, value: complex, dtype: str) -> None:
    build = Builder((5,))
    build.output(build.scalar(value, dtype))
    assert build.run(driver)[0].tobytes() == np.full(5, value, dtype).tobytes()


def test_no_axes(driver: Driver) -> None:
    build = Builder(())
    build.output(build.op("negative", build.contiguous(data(1, "int32"))))
    build.check(driver)


SHAPES = [(7,), (3, 5), (33, 65), (4, 1, 6), (5, 7, 9), (3, 4, 5, 6), (2, 2, 2, 2, 2, 2)]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_strided(driver: Driver, shape: tuple[int, ...], wide: bool) -> None:
    size = int(np.prod(shape))
    steps = np.array([int(np.prod(shape[a + 1 :])) for a in range(len(shape))])
    build = Builder(shape, wide=wide)
    base = data(3 * size + 5, "float32")
    forward = build.strided(base, 5, *(3 * steps).tolist())
    backward = build.strided(base, int(steps @ (np.array(shape) - 1)), *(-steps).tolist())
    alternate = build.strided(base, 1, *(int(s) * (a % 2) for a, s in enumerate(steps)))
    whole = build.contiguous(data(size, "float32"))
    total = build.op(
        "add", build.op("multiply", forward, backward), build.op("add", alternate, whole)
    )
    build.output(total)
    build.output(
        forward, into=data(2 * size + 3, "float32"), offset=3, strides=tuple((2 * steps).tolist())
    )
    build.check(driver)


@pytest.mark.parametrize("wide", [False, True])
def test_index(driver: Driver, wide: bool) -> None:
    build = Builder((4, 35, 3), wide=wide)
    i, j = build.index(-7, 1, 2, 0), build.index(2**40, 0, -(2**33), 3)
    build.output(build.op("add", i, j))
    build.output(build.op("less", i, j, dtype="bool"))
    build.check(driver)


@pytest.mark.parametrize(
    "shape", [(32, 32), (16, 16), (33, 31), (64, 100), (3, 40, 50), (40, 3, 50), (20, 17, 2, 33)]
)
@pytest.mark.parametrize("wide", [False, True])
def test_transposed(driver: Driver, shape: tuple[int, ...], wide: bool) -> None:
    """Walked in tiles: the first axis of each shape has unit stride in one of the inputs."""
    size = int(np.prod(shape))
    strides = [1]
    for length in shape[:-1]:
        strides.append(strides[-1] * length)
    build = Builder(shape, wide=wide)
    x = build.strided(data(size, "float32"), 0, *strides)
    y = build.contiguous(data(size, "float32"))
    build.output(build.op("subtract", x, y))
    build.output(build.op("add", x, y), into=data(size, "float32"), strides=tuple(strides))
    build.check(driver)


def test_in_place(driver: Driver) -> None:
    build = Builder((1500,))
    values = data(1500, "float32")
    build.output(build.op("multiply", build.contiguous(values), build.scalar(2.0, "float32")))
    program, wanted = build.program, 2 * values
    memory = upload(driver, values)
    kernel = launch.compile(driver, 0, program)
    (made,) = kernel.launch((1500,), [(memory, 0, ()), (2.0, 0, ())], [(memory, 0, ())])
    assert made is memory
    got = driver.to_host(0, memory.ptr, memory.nbytes).view(np.float32)
    np.testing.assert_array_equal(got, wanted)


def test_long_body(driver: Driver) -> None:
    build = Builder((1025,))
    value = build.contiguous(RNG.random(1025).astype("float32"))
    for name in ["exp", "log1p", "sqrt", "sin", "tanh"] * 4:
        value = build.op(name, build.op("abs", value))
    build.output(value)
    build.check(driver, rtol=1e-5)


def test_sizes_share_a_kernel(driver: Driver) -> None:
    build = Builder((10,))
    build.output(build.op("add", *(build.contiguous(data(10, "int32")) for _ in range(2))))
    other = Builder((99999,), inputs=build.inputs, body=build.body, outputs=build.outputs)
    assert build.program == other.program

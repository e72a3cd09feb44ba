"""The nonzero kernel on each driver, against numpy.flatnonzero."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backends.cuda.operands import Array, run
from xgpu_cuda import launch
from xgpu_cuda.compiler import compile_cubin
from xgpu_cuda.driver import Driver
from xgpu_cuda.launch.nonzero import TILE, nonzero_source

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"]


def check(driver: Driver, mask: Array) -> None:
    wanted = np.flatnonzero(mask)
    assert wanted.size, "the front-end launches nothing where nothing is True"
    nonzero = launch.kernel_ops(driver)["nonzero"]
    got = run(driver, nonzero, [mask], wanted.shape, "int64")
    np.testing.assert_array_equal(got, wanted)


def masked(seed: int, shape: tuple[int, ...], density: float) -> Array:
    mask = np.random.default_rng(seed).random(shape) < density
    mask[(0,) * mask.ndim] = True
    return mask


@pytest.mark.parametrize("density", [0.0, 0.003, 0.5, 1.0])
def test_lengths_and_densities(driver: Driver, density: float) -> None:
    for edge in (16, 512, 1024, TILE, 3 * TILE, 33 * TILE):
        for length in (edge - 1, edge, edge + 1):
            check(driver, masked(length, (length,), density))


def test_one_true(driver: Driver) -> None:
    for length in (1, 2, 100, 2 * TILE, 40 * TILE + 5):
        for at in {0, length // 2, length - 1}:
            check(driver, np.arange(length) == at)


def test_strided_masks(driver: Driver) -> None:
    mask = masked(1, (30, 40, 17), 0.4)
    for view in (
        mask[::2, ::-1, 1:],
        mask.T,
        mask[..., ::-1],
        mask.ravel()[3:],
        mask[2:, 1:3, ::5],
        np.broadcast_to(mask[0], (9, 40, 17)),
        np.broadcast_to(mask[:, :, :1], (30, 40, 30)),
        np.broadcast_to(mask[0, 0, 0], (5000,)),
    ):
        check(driver, view)


def test_any_byte_is_true_and_none_leaves_the_result(driver: Driver) -> None:
    given = np.random.default_rng(2).integers(0, 4, 3 * TILE).astype("uint8")
    check(driver, given.view("bool"))
    nonzero = launch.kernel_ops(driver)["nonzero"]
    got = run(driver, nonzero, [given.view("bool")], (100,), "int64")
    np.testing.assert_array_equal(got, np.flatnonzero(given)[:100])


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_nvrtc_takes_it(arch: str) -> None:
    assert compile_cubin(nonzero_source(1, "int32_t"), arch)
    assert compile_cubin(nonzero_source(3, "int64_t"), arch)

"""The documentation's program is portable: array-api-strict and xgpu run it as NumPy does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import array_api_strict
import numpy as np
import pytest

import xgpu
from xgpu.bench.cases.digits import load_program
from xgpu.cli.program import Data, load_data

program = load_program()


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data()


@pytest.fixture(scope="module")
def reference(data: Data) -> dict[str, Any]:
    found: dict[str, Any] = program.digits(data.images, data.labels, np)
    return found


@pytest.fixture
def strict() -> Iterator[Any]:
    """array-api-strict without what the program must not need."""
    array_api_strict.set_array_api_strict_flags(
        boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=()
    )
    yield array_api_strict
    array_api_strict.reset_array_api_strict_flags()


def test_it_learns(reference: dict[str, Any]) -> None:
    assert reference["accuracy"] >= 0.90


def test_its_axes_are_the_covariance_matrixs_own(data: Data, reference: dict[str, Any]) -> None:
    x = data.images / 16.0
    x = x - x.mean(axis=0)
    _, _, rows = np.linalg.svd(x, full_matrices=False)
    overlap = np.abs(np.sum((x @ rows[:2].T) * reference["projection"], axis=0))
    np.testing.assert_allclose(overlap, np.sum((x @ rows[:2].T) ** 2, axis=0), rtol=1e-6)


def test_its_centres_are_means_of_their_clusters(data: Data, reference: dict[str, Any]) -> None:
    x, centres = data.images / 16.0, reference["centres"]
    distances = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    nearest = np.argmin(distances, axis=1)
    assert sorted(set(nearest)) == list(range(10))
    start = np.sum((x[:, None, :] - x[None, :10, :]) ** 2, axis=2)
    assert np.mean(np.min(distances, axis=1)) < 0.8 * np.mean(np.min(start, axis=1))


def test_array_api_strict_runs_it(data: Data, reference: dict[str, Any], strict: Any) -> None:
    images, labels = strict.asarray(data.images), strict.asarray(data.labels)
    steps: list[None] = []
    found = program.digits(images, labels, strict, lambda: steps.append(None))
    assert len(steps) == program.STEPS
    for name, expected in reference.items():
        np.testing.assert_allclose(np.asarray(found[name]), expected, rtol=1e-12, err_msg=name)


def test_xgpu_runs_it(data: Data, reference: dict[str, Any]) -> None:
    found = program.digits(xgpu.asarray(data.images), xgpu.asarray(data.labels), xgpu)
    for name, expected in reference.items():
        np.testing.assert_allclose(np.asarray(found[name]), expected, rtol=1e-9, atol=1e-9)

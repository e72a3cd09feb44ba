"""The run that a GPU's sanitizer watches launches every kernel there is, with right results."""

from __future__ import annotations

import numpy as np
import pytest

import xgpu
from tests.backends.cuda.every_kernel import defined, mismatches


@pytest.mark.parametrize("name", ["cudasim:0", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def test_every_kernel_runs_and_is_right(name: str) -> None:
    try:
        xgpu.device(name)
    except xgpu.BackendUnavailableError as error:
        pytest.skip(f"{name}: {error}")
    different, launched = mismatches(name)
    assert different == []
    assert launched >= defined() > {"xgpu_elementwise", "xgpu_scan_tiles"}
    # A simulated kernel that used MMX registers would leave none to the x87 arithmetic of others.
    ones = np.ones(8, np.longdouble)
    assert (ones + ones == 2).all()

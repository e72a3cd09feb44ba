"""The plugin's own tests, for an environment in which it is installed."""

from __future__ import annotations

from importlib import metadata

import numpy as np
import pytest

import xgpu


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    names = {entry.name for entry in metadata.entry_points(group="xgpu.backends")}
    assert "example" in names, "install the plugin first: pip install -e backends/example"


def test_it_is_listed_and_has_its_devices() -> None:
    entry = next(entry for entry in xgpu.backends() if entry.type == "example")
    assert entry.source == "xgpu_example"
    assert entry.distribution.startswith("xgpu-example-backend ")
    assert [str(device) for device in xgpu.devices("example")] == ["example:0", "example:1"]


@pytest.mark.parametrize("device", ["example:0", "example:1"])
def test_a_program_runs_on_it(device: str) -> None:
    given = np.linspace(-2.0, 2.0, 12).reshape(3, 4)
    x = xgpu.asarray(given, device=device)
    y = xgpu.where(x > 0.0, xgpu.exp(x), x[:, ::-1])
    y[0, :] = 7.0
    result = xgpu.sum(y @ y.T, axis=0)
    expected = np.where(given > 0.0, np.exp(given), given[:, ::-1])
    expected[0, :] = 7.0
    assert str(result.device) == device
    host = np.asarray(xgpu.to_device(result, "cpu"))
    np.testing.assert_allclose(host, np.sum(expected @ expected.T, axis=0), rtol=1e-14)


def test_its_devices_do_not_mix() -> None:
    with pytest.raises(xgpu.DeviceMismatchError, match=r"example:0.*example:1"):
        xgpu.ones(3, device="example:0") + xgpu.ones(3, device="example:1")

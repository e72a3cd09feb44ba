"""What the namespace says about itself."""

from __future__ import annotations

import pytest

import xgpu
from tests.test_data_types import KINDS

INFO = xgpu.__array_namespace_info__()


def test_capabilities_are_true() -> None:
    assert INFO.capabilities() == {
        "boolean indexing": True,
        "data-dependent shapes": True,
        "max dimensions": 64,
    }
    x = xgpu.ones(3)
    assert x[x > 0.0].shape == (3,)
    assert xgpu.nonzero(x < 0.0)[0].shape == (0,)
    assert xgpu.unique_values(x).shape == (1,)
    deep = xgpu.reshape(x, (3, *[1] * 63))
    assert (deep + deep).ndim == 64
    assert float(xgpu.sum(deep)) == 3.0


def test_default_dtypes() -> None:
    assert INFO.default_dtypes(device="cpu") == {
        "real floating": xgpu.zeros(1).dtype,
        "complex floating": xgpu.asarray(1j).dtype,
        "integral": xgpu.asarray(1).dtype,
        "indexing": xgpu.argmax(xgpu.zeros(1)).dtype,
    }


def test_dtypes() -> None:
    for kind, names in KINDS.items():
        assert INFO.dtypes(kind=kind) == {name: getattr(xgpu, name) for name in names}
    assert set(INFO.dtypes()) == {"bool", *KINDS["numeric"]}
    assert set(INFO.dtypes(kind=("bool", "real floating"))) == {"bool", "float32", "float64"}
    assert INFO.dtypes(kind=()) == {}
    with pytest.raises(ValueError, match="unknown kind"):
        INFO.dtypes(kind="integer")
    with pytest.raises(ValueError, match="no backend serves"):
        INFO.dtypes(device="nowhere")


def test_devices(device: xgpu.Device) -> None:
    devices = INFO.devices()
    assert isinstance(devices, tuple)
    assert device in devices
    for found in devices:
        assert xgpu.zeros(1, device=found).device is found


def test_default_device(device: xgpu.Device) -> None:
    assert INFO.default_device() is xgpu.zeros(1).device
    with xgpu.default_device(device):
        assert INFO.default_device() is device
        assert xgpu.zeros(1).device is device

"""matplotlib draws what is on the host, and what is on a device refuses to go there silently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import xgpu

VALUES = np.asarray([[0.0, 1.0, 4.0], [9.0, 16.0, 25.0]])
DRAWN: dict[str, Any] = {
    "plot": lambda axes, z: axes.plot(z[0, :], z[1, :])[0].get_xydata(),
    "scatter": lambda axes, z: axes.scatter(z[0, :], z[1, :]).get_offsets(),
    "hist": lambda axes, z: axes.hist(z[0, :])[0],
    "imshow": lambda axes, z: axes.imshow(z).get_array(),
    "pcolormesh": lambda axes, z: axes.pcolormesh(z).get_array(),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn(name: str, device: xgpu.Device) -> None:
    draw, x = DRAWN[name], xgpu.asarray(VALUES, device=device)
    if device.type != "cpu":
        with pytest.raises(TypeError, match=r"xgpu\.to_device\(x, 'cpu'\)"):
            draw(Figure().add_subplot(), x)
        x = xgpu.to_device(x, "cpu")
    drawn = draw(Figure().add_subplot(), x)
    np.testing.assert_array_equal(drawn, draw(Figure().add_subplot(), VALUES))

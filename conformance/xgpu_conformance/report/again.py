"""The line that runs again what is wrong in a cell."""

from __future__ import annotations

from typing import Final

from xgpu_conformance.schema import Level, replay_command

OFFICIAL: Final = "xgpu conformance official --suite PATH --device DEVICE --tests 'NAME'"
"""PATH stands for a checkout of the official suite."""


def template(level: Level) -> str:
    """The line with DEVICE, and ID or NAME, in it."""
    return OFFICIAL if level == "official" else replay_command("DEVICE", "ID")


def again(device: str, level: Level, name: str, id: str) -> str:
    """The line for a cell, case or value of an id, of the test ``name`` at the level official."""
    if level != "official":
        return replay_command(device, id)
    return OFFICIAL.replace("DEVICE", device).replace("NAME", name)

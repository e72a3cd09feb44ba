"""The one hook of a backend plugin, and the markers for it.

A plugin is an installed module whose entry point, in the group `GROUP`, is named after the
device type that it serves. Entry points are listed without being imported; the module is
imported when a device of that type is first asked for.
"""

from __future__ import annotations

from typing import Final

import pluggy

from xgpu.plugin.backend import Backend

GROUP: Final = "xgpu.backends"

hookspec: Final = pluggy.HookspecMarker("xgpu")
hookimpl: Final = pluggy.HookimplMarker("xgpu")


@hookspec
def xgpu_backend() -> Backend:  # type: ignore[empty-body]
    """Make the backend of this plugin. Called once; must not touch a device yet."""

"""What a backend's library is, and whether it is installed, without importing it."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Final

from xgpu.runtime.plugins import BackendEntry

_REQUIREMENT: Final = re.compile(r"""([\w.-]+).*;.*\bextra\s*==\s*['"]([\w.-]+)['"]""")


def versions(entry: BackendEntry) -> dict[str, str]:
    """Name and version of each library that a backend needs besides its plugin's own.

    The plugin's distribution says so by an extra that is named after the device type, as
    ``xgpu-array[torch]`` is. Nothing, if it has none, or if one of them is not installed: then
    the plugin itself has to be asked, for the reason.
    """
    name = entry.distribution.partition(" ")[0]
    try:
        lines = metadata.requires(name) if name else None
        found = [match for line in lines or () if (match := _REQUIREMENT.match(line))]
        return {match[1]: metadata.version(match[1]) for match in found if match[2] == entry.type}
    except metadata.PackageNotFoundError:
        return {}

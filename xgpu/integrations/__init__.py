"""What other libraries are told of xgpu's arrays, each when it is imported.

einops and dask look arrays up in tables of their own. xgpu imports neither: it watches for their
import (`on_import`) and then enters its arrays. `COUPLINGS` says what is entered where.
"""

from collections.abc import Callable
from typing import Any, Final

from xgpu.integrations.dask_lookups import add_lookups
from xgpu.integrations.einops_backend import add_backend
from xgpu.integrations.on_import import watch as _watch

COUPLINGS: Final[dict[str, Callable[[Any], None]]] = {
    "dask.array.backends": add_lookups,
    "einops._backends": add_backend,
}


def introduce() -> None:
    """Enter xgpu's arrays where `COUPLINGS` says, as soon as the module there is imported."""
    _watch(COUPLINGS)

"""Makes the backend that ``XGPU_WRONG`` names the device ``wrong:0`` of this process.

For processes of the conformance suite's own, which import it, and for pytest:
``XGPU_WRONG=max-nan XGPU_DEVICE=wrong pytest -p tests.wrong_backends.plugin``.
"""

from __future__ import annotations

import os
from typing import Final

from tests.wrong_backends.table import register

VARIABLE: Final = "XGPU_WRONG"

if VARIABLE in os.environ:
    register(os.environ[VARIABLE])

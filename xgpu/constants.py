"""Numbers, and the index that makes a new axis.

Source: Array API 2025.12, "Constants".
"""

from __future__ import annotations

import math
from typing import Final

e: Final[float] = math.e
inf: Final[float] = math.inf
nan: Final[float] = math.nan
newaxis: Final[None] = None
pi: Final[float] = math.pi

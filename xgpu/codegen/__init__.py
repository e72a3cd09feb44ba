"""From a `Program` to the source of a kernel, for every target whose language is like C.

`emit` writes the text, a `Dialect` names the target's types and functions, `arguments` lays out
and packs what the kernel is called with, `tuning` chooses how much one thread does.
"""

from xgpu.codegen.arguments import Packer, divisor, layout
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.emit import emit
from xgpu.codegen.moments import folded_once
from xgpu.codegen.passes import tune_rows
from xgpu.codegen.stages import vectorised
from xgpu.codegen.tuning import Tuning, state_bytes, tune

__all__ = [
    "Dialect",
    "Packer",
    "Tuning",
    "divisor",
    "emit",
    "folded_once",
    "layout",
    "state_bytes",
    "tune",
    "tune_rows",
    "vectorised",
]

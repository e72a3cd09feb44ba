"""From a `Program` to the source of a kernel, for every target whose language is like C.

`emit` writes the text, a `Dialect` names the target's types and functions, `arguments` lays out
and packs what the kernel is called with, `tuning` chooses how much one thread does.
"""

from xgpu.codegen.arguments import BACKWARDS, Packer, divisor, layout
from xgpu.codegen.dialect import Dialect
from xgpu.codegen.donation import donors
from xgpu.codegen.emit import emit
from xgpu.codegen.moments import folded_once, online
from xgpu.codegen.pair_writer import COLUMNS, NEITHER, ROWS, Pairing, emit_pairs, pair_weight
from xgpu.codegen.passes import tune_rows
from xgpu.codegen.stages import in_runs, located, vectorised
from xgpu.codegen.stencil_writer import Group, Stencil, emit_stencil
from xgpu.codegen.tile_writer import Turning, emit_tiles, tile_length, tile_weight
from xgpu.codegen.tuning import Tuning, state_bytes, tune
from xgpu.codegen.varying import Varying

__all__ = [
    "BACKWARDS",
    "COLUMNS",
    "NEITHER",
    "ROWS",
    "Dialect",
    "Group",
    "Packer",
    "Pairing",
    "Stencil",
    "Tuning",
    "Turning",
    "Varying",
    "divisor",
    "donors",
    "emit",
    "emit_pairs",
    "emit_stencil",
    "emit_tiles",
    "folded_once",
    "in_runs",
    "layout",
    "located",
    "online",
    "pair_weight",
    "state_bytes",
    "tile_length",
    "tile_weight",
    "tune",
    "tune_rows",
    "vectorised",
]

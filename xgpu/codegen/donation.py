"""Which inputs of a program may give their memory to one of its outputs.

A kernel has a thread for each point, which reads the point's inputs and then writes its outputs.
So what is read at a point alone, and lies there as the output does, may be overwritten by it.
"""

from __future__ import annotations

from functools import lru_cache

from xgpu.codegen.passes import passes
from xgpu.codegen.stages import in_passes
from xgpu.plugin.program import Program


@lru_cache(maxsize=256)
def donors(program: Program) -> tuple[tuple[int, int], ...]:
    """The pairs (input, output) of which the input's memory may become the output's.

    Both are contiguous, at the points, and of one dtype: by dtypes a compiler tells what cannot be
    the same memory. In a row program whose points are kept from pass to pass the input must have
    been loaded when the output is written. A program that reduces in another way has no pairs.
    """
    if not program.reduced:
        loaded = dict.fromkeys(range(len(program.inputs)), 0)
        written = dict.fromkeys(range(len(program.outputs)), 0)
    elif in_passes(program):
        loaded, written = {}, {}
        for at, step in enumerate(passes(program).passes):
            written.update(dict.fromkeys(step.outputs, at))
            for value in step.points:
                op, _, args = program.body[value]
                if op == "load":
                    loaded[args[0]] = at
    else:
        return ()
    return tuple(
        (source, target)
        for source, given in enumerate(program.inputs)
        for target, output in enumerate(program.outputs)
        if source in loaded
        and target in written
        and loaded[source] <= written[target]
        and given.access == output.access == "contiguous"
        and not given.after
        and given.dtype == output.dtype
    )

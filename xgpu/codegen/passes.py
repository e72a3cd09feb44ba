"""The passes of a row program: what is computed when, as a group of threads goes over a row.

A reduction belongs to the pass in which all that its operand needs is known: the first, or the
one after the reductions that it depends on. What is written at the points is written by the first
pass that can. A value at the points that several passes need is kept from the first of them
on, if it is a load, costs much to compute, or is less than the loads that it is made of. What is
cheap is computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from xgpu.codegen.stages import FOLDS, INVARIANT, POINT, REDUCED, is_invariant
from xgpu.codegen.tuning import HEAVY, VECTOR_BYTES, weigh
from xgpu.plugin.program import Program

MOST: Final = 8
"""Points, or chunks of them, that one thread handles at most at a time."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass; values in the order of the body."""

    points: tuple[int, ...]  #: computed at each point, from what is kept
    again: tuple[int, ...]  #: the same where nothing is kept: from the loads
    taken: tuple[int, ...]  #: kept values of earlier passes that it uses
    reductions: tuple[int, ...]
    outputs: tuple[int, ...]  #: numbers of the outputs that it writes at the points
    results: tuple[int, ...]  #: values that a point hands on: what is reduced or written
    reduced: tuple[int, ...]  #: computed once per row after it, from reductions


@dataclass(frozen=True, slots=True)
class Passes:
    """The values of a row program by the time at which they are computed."""

    invariant: tuple[int, ...]  #: once per thread
    first: tuple[int, ...]  #: once per row, before the first pass
    passes: tuple[Pass, ...]
    kept: tuple[int, ...]  #: values at the points that a later pass takes

    def reductions(self) -> tuple[int, ...]:
        """Those of all passes."""
        return tuple(value for step in self.passes for value in step.reductions)


@lru_cache(maxsize=256)
def passes(program: Program) -> Passes:
    """Sort the values of ``program`` into passes.

    Raises:
        ValueError: an output asks for a value once per row that there is at the points alone.
    """
    levels, ready = _placed(program)
    for number, output in enumerate(program.outputs):
        if output.reduced and levels[output.value] == POINT:
            raise ValueError(f"output {number} and its value {output.value} differ in level")
    body = program.body
    folds = [v for v, instr in enumerate(body) if instr.op in FOLDS]
    writes = [n for n, output in enumerate(program.outputs) if not output.reduced]
    count = 1 + max(
        [ready[body[v].args[0]] for v in folds] + [ready[program.outputs[n].value] for n in writes]
    )
    reached: list[tuple[list[int], list[int]]] = []
    steps: list[Pass] = []
    there: set[int] = set()  # computed by an earlier pass, and worth keeping
    for at in range(count):
        reductions = [v for v in folds if ready[body[v].args[0]] == at]
        outputs = [n for n in writes if ready[program.outputs[n].value] == at]
        results = {body[v].args[0] for v in reductions}
        results.update(program.outputs[n].value for n in outputs)
        points, taken = _below(program, levels, results, there)
        again, _ = _below(program, levels, results, set())
        reached.append((points, taken))
        there.update(v for v in points if body[v].op in HEAVY or _wide(program, levels, v))
        after = [v for v, level in enumerate(levels) if level == REDUCED and ready[v] == at + 1]
        steps.append(
            Pass(*map(tuple, (points, again, taken, reductions, outputs, sorted(results), after)))
        )
    return Passes(
        tuple(v for v, level in enumerate(levels) if level == INVARIANT),
        tuple(v for v, level in enumerate(levels) if level == REDUCED and not ready[v]),
        tuple(steps),
        tuple(sorted({v for _, taken in reached for v in taken})),
    )


def _placed(program: Program) -> tuple[list[int], list[int]]:
    """Of each value the level, and the first pass that can use it."""
    levels: list[int] = []
    ready: list[int] = []
    for op, _, args in program.body:
        if op == "load":
            given = program.inputs[args[0]]
            level = REDUCED if given.after else INVARIANT if is_invariant(given) else POINT
            levels.append(level)
            ready.append(0)
        elif op in FOLDS:
            levels.append(REDUCED)
            ready.append(ready[args[0]] + 1)
        else:
            found = {levels[arg] for arg in args}
            levels.append(POINT if POINT in found else max(found))
            ready.append(max(ready[arg] for arg in args))
    return levels, ready


def _wide(program: Program, levels: list[int], value: int) -> bool:
    """Whether a value at the points takes no more room than the loads that it is made of."""
    points, _ = _below(program, levels, {value}, set())
    loads = [v for v in points if program.body[v].op == "load"]
    return value in loads or sum(_words(program, v) for v in loads) > _words(program, value)


def _below(
    program: Program, levels: list[int], results: set[int], there: set[int]
) -> tuple[list[int], list[int]]:
    """(what is to be computed at the points for ``results``, what is taken of ``there``)."""
    needed: set[int] = set()
    taken: set[int] = set()
    stack = [v for v in results if levels[v] == POINT]
    while stack:
        value = stack.pop()
        if value in there:
            taken.add(value)
        elif value not in needed:
            needed.add(value)
            op, _, args = program.body[value]
            if op != "load":
                stack.extend(arg for arg in args if levels[arg] == POINT)
    return sorted(needed), sorted(taken)


@dataclass(frozen=True, slots=True)
class RowTuning:
    """What one thread does of a row.

    ``vector`` neighbouring points at a time. ``chunks`` of them, a power of two, are kept from
    pass to pass; ``ahead``, for each pass, are loaded before it waits for one.
    """

    vector: int
    chunks: int
    ahead: tuple[int, ...]
    words: int  #: the most registers that one point fills
    state: int  #: an upper bound of the bytes of the accumulators of a pass


KEPT_WORDS: Final = 32
"""Registers for the points that a thread keeps: half of those that 1,024 threads have each."""

AHEAD_WORDS: Final = 16
"""Registers for what a later pass loads besides."""

BODY_LIMIT: Final = 1024
"""Weight of a pass times its copies: more costs compile time."""


@lru_cache(maxsize=256)
def tune_rows(program: Program) -> RowTuning:
    """The tuning of a row program, a pure function of it."""
    body, steps = program.body, passes(program)
    sizes = [body[v].dtype.itemsize for v in _loads(program, steps)]
    sizes += [output.dtype.itemsize for output in program.outputs if not output.reduced]
    vector = max(1, min(MOST, VECTOR_BYTES // max(sizes, default=4)))
    weight = max(sum(weigh(program, v) for v in step.points) for step in steps.passes)
    chunks = MOST
    words = _kept_words(program, steps)
    while chunks > 1 and (
        chunks * vector * words > KEPT_WORDS or chunks * vector * weight > BODY_LIMIT
    ):
        chunks //= 2
    ahead = [chunks]
    for step in steps.passes[1:]:
        loaded = sum(_words(program, v) for v in step.points if body[v].op == "load")
        ahead.append(max(1, min(chunks, AHEAD_WORDS // (vector * max(1, loaded)))))
    # 16 is the widest alignment: complex128, or a float64 with its index.
    state = 16 * max(len(step.reductions) for step in steps.passes)
    return RowTuning(vector, chunks, tuple(ahead), words, state)


def _loads(program: Program, steps: Passes) -> set[int]:
    body = program.body
    return {v for step in steps.passes for v in step.points if body[v].op == "load"}


def _words(program: Program, value: int) -> int:
    return max(1, program.body[value].dtype.itemsize // 4)


def _kept_words(program: Program, steps: Passes) -> int:
    """The most registers that one point fills: in the first pass, or on to a later one."""
    body = program.body
    most = {v for v in steps.passes[0].points if body[v].op == "load"}
    words = max(1, sum(_words(program, v) for v in most))
    known: set[int] = set()
    for at, step in enumerate(steps.passes):
        known.update(step.points)
        later = {v for other in steps.passes[at + 1 :] for v in other.taken}
        words = max(words, sum(_words(program, v) for v in later & known))
    return words

"""Random array programs, run by xgpu and by NumPy at once.

A program is a list of seeds, one for each step over a pool of pairs (NumPy array, xgpu array).
Whatever a step does, both sides do; what they see of it must be the same: values bit for bit,
shapes, dtypes, types of errors, and which arrays share memory. Only ops are used whose result no
order of evaluation changes. A NumPy result is made C-contiguous, as xgpu's arrays are, and an index
always gives a view, as in the standard.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import numpy as np

import xgpu
from tests.program_parts import (
    BITWISE,
    COMPARISONS,
    DTYPES,
    IN_PLACE,
    KINDS,
    LENGTHS,
    REDUCTIONS,
    UNARY,
    VALUES,
    alike,
    changed,
    factored,
    nothing,
    ordered,
    outcome,
)


class Pair(NamedTuple):
    """The same array on both sides, under one name."""

    name: str
    np: Any
    xp: xgpu.Array


class Machine:
    """The pool, and the steps that may be taken from it.

    ``note`` is told each step as source. ``shape`` is that of most new arrays, so that more of
    them meet; without it they are of any shape, and many a step is an error.
    """

    def __init__(
        self, device: Any, note: Callable[[str], Any], shape: tuple[int, ...] | None = None
    ) -> None:
        self.device = device
        self.note = note
        self.shape = shape
        self.pool: list[Pair] = []
        self.made = 0
        self.random = Random(0)

    # Running

    def run(self, seeds: list[int]) -> None:
        """Take one step for each seed, then look at everything that is left."""
        actions: list[tuple[int, Callable[[], None]]] = [
            (1, self.new),
            (1, self.generate),
            (7, self.view),
            (4, self.reshape),
            (1, self.broadcast),
            (5, self.assign),
            (6, self.shift),
            (6, self.update),
            (4, self.binary),
            (2, self.unary),
            (2, self.where),
            (2, self.cast),
            (3, self.reduce),
            (2, self.join),
            (1, self.copy),
            (2, self.read),
            (1, self.materialize),
            (2, self.drop),
        ]
        weighted = [action for weight, action in actions for _ in range(weight)]
        for seed in seeds:
            self.random.seed(seed)
            if len(self.pool) < 2:
                self.new()
            self.random.choice(weighted)()
        for pair in self.pool:
            self.same(pair)

    def coin(self, sides: int = 2) -> bool:
        """True once in ``sides``."""
        return self.random.randrange(sides) == 0

    def axis(self, rank: int) -> int:
        """A valid axis, counted from either end."""
        return self.random.randrange(-rank, rank)

    def pick(self, kinds: str = KINDS, of: Callable[[Pair], bool] = lambda _: True) -> Pair | None:
        """An array of the pool whose dtype is of one of ``kinds``, a late one by preference."""
        found = [p for p in self.pool if p.np.dtype.kind in kinds and of(p)]
        if not found:
            return None
        return self.random.choice(found if self.coin(3) else found[-2:])

    def both(self, text: str, on_numpy: Callable[[], Any], on_xgpu: Callable[[], Any]) -> None:
        """One step on both sides; a new array goes to the pool, and an error must be alike.

        Of several mistakes in one step each side may report another.
        """
        name = f"v{self.made}"
        self.made += 1
        self.note(f"{name} = {text}")
        expected, failed = outcome(on_numpy)
        got, failed_here = outcome(on_xgpu)
        assert alike(failed, failed_here), f"NumPy: {failed!r}, xgpu: {failed_here!r}"
        if expected is None:
            return
        assert got.shape == expected.shape
        assert got.dtype == expected.dtype
        if sum(p.np.size for p in self.pool) + expected.size < 4000:
            self.pool.append(Pair(name, expected, got))

    def same(self, pair: Pair) -> None:
        """The values are equal: NaN is NaN, and the sign of zero is left open."""
        got = np.asarray(xgpu.to_device(pair.xp, "cpu"))
        assert got.dtype == pair.np.dtype
        np.testing.assert_array_equal(got, pair.np, err_msg=pair.name, strict=True)

    # Making

    def new(self) -> None:
        """An array of special values."""
        dtype = np.dtype(self.random.choice(DTYPES))
        shape = self.shape
        if shape is None or self.coin(4):
            shape = tuple(self.random.choices(LENGTHS, k=self.random.randint(0, 3)))
        values = self.random.choices(VALUES[dtype.kind], k=int(np.prod(shape)))
        host = np.asarray(values, dtype=dtype).reshape(shape)
        self.both(
            f"asarray({values}, {dtype}).reshape{shape}",
            host.copy,
            lambda: xgpu.asarray(host, device=self.device),
        )

    def generate(self) -> None:
        """An array that takes no memory until it is written to."""
        n, m = self.random.choices(LENGTHS, k=2)
        on = {"device": self.device}
        self.choose(
            f"of {n} and {m}",
            {
                "zeros": (lambda: np.zeros((n, m)), lambda: xgpu.zeros((n, m), **on)),
                "full": (lambda: np.full((n, m), 7), lambda: xgpu.full((n, m), 7, **on)),
                "arange": (
                    lambda: np.arange(n, n + 3 * m, 3),
                    lambda: xgpu.arange(n, n + 3 * m, 3, **on),
                ),
                "eye": (lambda: np.eye(n, m, k=1), lambda: xgpu.eye(n, m, k=1, **on)),
                "scalar": (lambda: np.asarray(n), lambda: xgpu.asarray(n, **on)),
            },
        )

    def choose(
        self, text: str, calls: dict[str, tuple[Callable[[], Any], Callable[[], Any]]]
    ) -> None:
        """One of several steps."""
        name = self.random.choice(sorted(calls))
        self.both(f"{name} {text}", *calls[name])

    # Views

    def key(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        """A basic index, now and then out of range."""
        keys: list[Any] = []
        for length in shape[: self.random.randint(0, len(shape))]:
            if self.coin(3):
                beyond = 1 if self.coin(30) else 0
                keys.append(
                    self.random.randint(-length - beyond, max(length - 1 + beyond, -length))
                )
            else:
                ends = [self.random.choice([None, *range(-length - 2, length + 3)]) for _ in "ab"]
                step = self.random.choice([None, None, 1, 2, 3, -1, -1, -2])
                keys.append(slice(ends[0], ends[1], step))
        if self.coin(6):
            keys.insert(self.random.randint(0, len(keys)), None)
        return (*keys, Ellipsis)

    def view(self) -> None:
        """A view by index, or by a function that gives one."""
        pair = self.pick()
        if pair is None:
            return
        a, x, rank = pair.np, pair.xp, pair.np.ndim
        key = self.key(a.shape)
        index = (lambda: a[key], lambda: x[key])
        if rank == 0 or self.coin():
            self.both(f"{pair.name}[{key}]", *index)
            return
        axis, place = self.axis(rank), self.axis(rank)
        order = tuple(self.random.sample(range(rank), rank))
        part = self.random.randrange(max(a.shape[0], 1))
        self.choose(
            f"{pair.name}: axis={axis}, place={place}, order={order}, part={part}",
            {
                "permute": (lambda: np.transpose(a, order), lambda: xgpu.permute_dims(x, order)),
                "flip": (lambda: np.flip(a, axis), lambda: xgpu.flip(x, axis=axis)),
                "flip all": (lambda: np.flip(a), lambda: xgpu.flip(x)),
                "expand": (
                    lambda: np.expand_dims(a, axis) if rank < 5 else a,
                    lambda: xgpu.expand_dims(x, axis) if rank < 5 else x,
                ),
                "squeeze": (lambda: np.squeeze(a, axis), lambda: xgpu.squeeze(x, axis)),
                "move": (
                    lambda: np.moveaxis(a, axis, place),
                    lambda: xgpu.moveaxis(x, axis, place),
                ),
                "part": (
                    lambda: a[part, ...],
                    lambda: xgpu.unstack(x)[part],
                ),
            },
        )

    def reshape(self) -> None:
        """A reshape: a view where strides express it, else a copy, on both sides alike."""
        pair = self.pick()
        if pair is None:
            return
        a, x = pair.np, pair.xp
        shape = self.random.choice([*factored(a.size), (-1,)])
        copy = self.random.choice([None, None, None, None, True, False])
        self.both(
            f"reshape({pair.name}, {shape}, copy={copy})",
            lambda: np.reshape(a, shape, copy=copy),
            lambda: xgpu.reshape(x, shape, copy=copy),
        )

    def broadcast(self) -> None:
        """A stretched view, which neither side lets anyone write through."""
        pair = self.pick(of=lambda p: p.np.ndim < 5)
        if pair is None:
            return
        wider = tuple(self.random.choice(LENGTHS) if n == 1 else n for n in pair.np.shape)
        shape = (*self.random.choices(LENGTHS, k=self.random.randrange(2)), *wider)
        self.both(
            f"broadcast_to({pair.name}, {shape})",
            lambda: np.broadcast_to(pair.np, shape),
            lambda: xgpu.broadcast_to(pair.xp, shape),
        )

    # Writing

    def scalar(self, dtype: np.dtype[Any]) -> Any:
        """A Python scalar that arrays of the dtype take."""
        lower = KINDS[: KINDS.index(dtype.kind) + 1]
        kind = self.random.choice(lower)
        return self.random.choice(VALUES["u" if kind == "i" and dtype.kind == "u" else kind])

    def assign(self) -> None:
        """``x[key] = value``: a scalar, an array, or something computed from one."""
        pair = self.pick()
        if pair is None:
            return
        a, x, key = pair.np, pair.xp, self.key(pair.np.shape)
        if self.coin():
            value = self.scalar(a.dtype)
            self.both(
                f"{pair.name}[{key}] = {value!r}",
                lambda: a.__setitem__(key, value),
                lambda: x.__setitem__(key, value),
            )
            return
        other = self.pick(of=lambda p: bool(np.can_cast(p.np.dtype, a.dtype, "same_kind")))
        if other is None:
            return
        b, y = other.np, other.xp
        self.choose(
            f"{pair.name}[{key}] = f({other.name})",
            {
                "f(x) = x": (lambda: a.__setitem__(key, b.copy()), lambda: x.__setitem__(key, y)),
                "f(x) = x + x": (
                    lambda: a.__setitem__(key, ordered(b + b)),
                    lambda: x.__setitem__(key, y + y),
                ),
                "f(x) = x == x": (
                    lambda: a.__setitem__(key, ordered(b == b)),
                    lambda: x.__setitem__(key, y == y),
                ),
            },
        )

    def shift(self) -> None:
        """Overlapping parts of one array: shifted, reversed, transposed; assigned or in place."""
        pair = self.pick(of=lambda p: bool(p.np.ndim))
        if pair is None:
            return
        a, x = pair.np, pair.xp
        parts: list[tuple[Any, Any]] = [
            (slice(1, None), slice(None, -1)),
            (slice(None, -1), slice(1, None)),
            (slice(None), slice(None, None, -1)),
            (slice(None, None, 2), slice(None, (a.shape[0] + 1) // 2)),
        ]
        if a.ndim > 1:
            column, row = (slice(None), slice(0, 1)), (slice(None), slice(-1, None))
            ends = ((Ellipsis, slice(1, None)), (Ellipsis, slice(None, -1)))
            parts += [(column, row), ends, (slice(None), slice(0, 1))]
        to, source = self.random.choice(parts)
        how = self.random.choice(["=", "= 2 *", "= reversed", "+=", "-="])
        text = f"{pair.name}[{to}] {how} {pair.name}[{source}]"
        if how in IN_PLACE:
            change = IN_PLACE[how]
            self.both(
                text,
                lambda: nothing(change(a[to], a[source])),
                lambda: nothing(change(x[to], x[source])),
            )
        else:
            self.both(
                text,
                # A copy first: NumPy itself gets a[::2] = a[:n] wrong, where the parts overlap.
                lambda: a.__setitem__(to, changed(a[source], how).copy()),
                lambda: x.__setitem__(to, changed(x[source], how)),
            )

    def update(self) -> None:
        """An in-place operator on an array, with a scalar or a part of any array of the pool."""
        pair = self.pick()
        if pair is None:
            return
        a, x = pair.np, pair.xp
        kind = a.dtype.kind
        names = [*"+-", *("*" if kind != "c" else ""), *("&|^" if kind in "biu" else "")]
        name = self.random.choice(names) + "="
        change = IN_PLACE[name]
        if self.coin():
            value = self.scalar(a.dtype)
            self.both(
                f"{pair.name} {name} {value!r}",
                lambda: nothing(change(a, value)),
                lambda: nothing(change(x, value)),
            )
            return
        other = self.pick("biuf" if name == "*=" else KINDS)
        if other is None:
            return
        key = self.key(other.np.shape) if self.coin() else (Ellipsis,)
        self.both(
            f"{pair.name} {name} {other.name}[{key}]",
            lambda: nothing(change(a, other.np[key])),
            lambda: nothing(change(x, other.xp[key])),
        )

    # Computing

    def binary(self) -> None:
        """A function of two operands, one of them a scalar now and then."""
        first = self.pick()
        if first is None:
            return
        kind = first.np.dtype.kind
        names = ["add", "subtract", *COMPARISONS[: 2 if kind == "c" else 6]]
        names += ["multiply", "maximum", "minimum"] if kind != "c" else []
        names += BITWISE if kind in "biu" else []
        name = self.random.choice(names)
        on_numpy, on_xgpu = getattr(np, name), getattr(xgpu, name)
        a, x = first.np, first.xp
        if self.coin(3):
            value = self.scalar(a.dtype)
            if self.coin():
                self.both(
                    f"{name}({first.name}, {value!r})",
                    lambda: ordered(on_numpy(a, value)),
                    lambda: on_xgpu(x, value),
                )
            else:
                self.both(
                    f"{name}({value!r}, {first.name})",
                    lambda: ordered(on_numpy(value, a)),
                    lambda: on_xgpu(value, x),
                )
            return
        # Complex numbers only where no product or order of theirs is asked for.
        other = self.pick(KINDS if name in ("add", "subtract", "equal", "not_equal") else "biuf")
        if other is not None:
            self.both(
                f"{name}({first.name}, {other.name})",
                lambda: ordered(on_numpy(a, other.np)),
                lambda: on_xgpu(x, other.xp),
            )

    def unary(self) -> None:
        """A function of one operand."""
        name = self.random.choice(sorted(UNARY))
        pair = self.pick(UNARY[name])
        if pair is not None:
            self.both(
                f"{name}({pair.name})",
                lambda: ordered(getattr(np, name)(pair.np)),
                lambda: getattr(xgpu, name)(pair.xp),
            )

    def where(self) -> None:
        """A choice between two arrays by a comparison."""
        mask, first, second = self.pick("biuf"), self.pick(), self.pick()
        if mask is None or first is None or second is None:
            return
        self.both(
            f"where({mask.name} > 0, {first.name}, {second.name})",
            lambda: ordered(np.where(mask.np > 0, first.np, second.np)),
            lambda: xgpu.where(mask.xp > 0, first.xp, second.xp),
        )

    def cast(self) -> None:
        """A conversion whose result no platform leaves open."""
        pair = self.pick()
        if pair is None:
            return
        a, x = pair.np, pair.xp
        dtype = np.dtype(self.random.choice(DTYPES))
        if a.dtype.kind == "c" and dtype.kind not in "bc":
            return
        if a.dtype.kind == "f" and dtype.kind in "iu":
            limits = np.iinfo(dtype)
            if not np.all((a >= float(limits.min)) & (a <= float(limits.max) / 2)):
                return
        copy = self.coin()
        self.both(
            f"astype({pair.name}, {dtype}, copy={copy})",
            lambda: a if dtype == a.dtype and not copy else a.astype(dtype, order="C"),
            lambda: xgpu.astype(x, dtype, copy=copy),
        )

    def reduce(self) -> None:
        """A reduction that is exact in any order."""
        name = self.random.choice(sorted(REDUCTIONS))
        pair = self.pick(REDUCTIONS[name])
        if pair is None:
            return
        a, x, rank = pair.np, pair.xp, pair.np.ndim
        axis: Any = None
        if rank and not self.coin(3):
            axis = self.axis(rank)
            if self.coin() and not name.startswith("arg"):
                axis = tuple(self.random.sample(range(rank), self.random.randint(0, rank)))
        keep = {"axis": axis, "keepdims": self.coin()}
        self.both(
            f"{name}({pair.name}, {keep})",
            lambda: ordered(getattr(np, name)(a, **keep)),
            lambda: getattr(xgpu, name)(x, **keep),
        )

    def join(self) -> None:
        """A function that puts copies together."""
        pair = self.pick(of=lambda p: 0 < p.np.ndim < 5)
        if pair is None:
            return
        a, x, rank = pair.np, pair.xp, pair.np.ndim
        other = self.pick(of=lambda p: bool(p.np.ndim == rank)) or pair
        b, y = other.np, other.xp
        axis = self.random.choice([None, self.axis(rank), self.axis(rank)])
        n = self.random.randrange(4)
        self.choose(
            f"of {pair.name} and {other.name}: axis={axis}, n={n}",
            {
                "concat": (
                    lambda: ordered(np.concatenate([a, b, a], axis=axis)),
                    lambda: xgpu.concat([x, y, x], axis=axis),
                ),
                "stack": (
                    lambda: ordered(np.stack([a, b], axis=axis or 0)),
                    lambda: xgpu.stack([x, y], axis=axis or 0),
                ),
                "tile": (lambda: ordered(np.tile(a, (n, 2))), lambda: xgpu.tile(x, (n, 2))),
                "repeat": (
                    lambda: ordered(np.repeat(a, n, axis=axis)),
                    lambda: xgpu.repeat(x, n, axis=axis),
                ),
                "roll": (
                    lambda: ordered(np.roll(a, n - 5, axis=axis)),
                    lambda: xgpu.roll(x, n - 5, axis=axis),
                ),
                "tril": (
                    lambda: ordered(np.tril(a, k=n - 1) if rank > 1 else a),
                    lambda: xgpu.tril(x, k=n - 1) if rank > 1 else xgpu.asarray(x, copy=True),
                ),
            },
        )

    def copy(self) -> None:
        """A copy, or the same array under another name."""
        pair = self.pick()
        if pair is None:
            return
        copy = self.random.choice([True, None, False])
        self.both(
            f"asarray({pair.name}, copy={copy})",
            lambda: pair.np.copy() if copy else pair.np,
            lambda: xgpu.asarray(pair.xp, copy=copy),
        )

    # Looking

    def read(self) -> None:
        """Look at one array now, and at a 0-d one as a Python scalar."""
        pair = self.pick()
        if pair is None:
            return
        self.note(f"read({pair.name})")
        self.same(pair)
        if pair.np.shape == () and pair.np.dtype.kind in "biu":
            assert int(pair.xp) == int(pair.np)

    def materialize(self) -> None:
        """Compute some arrays, without looking at them."""
        if self.pool:
            chosen = self.random.choices(self.pool, k=self.random.randint(1, 3))
            self.note(f"materialize({', '.join(p.name for p in chosen)})")
            xgpu.materialize(*[p.xp for p in chosen])

    def drop(self) -> None:
        """Forget an array; its views stay."""
        if len(self.pool) > 2:
            gone = self.pool.pop(self.random.randrange(len(self.pool)))
            self.note(f"del {gone.name}")

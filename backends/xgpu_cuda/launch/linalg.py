"""Linear algebra: what the rows of the op table promise, around the device's own libraries.

Each op copies its operand to a stack of matrices that is stored by columns, as the libraries work,
lets `xgpu_cuda.driver.Libraries` do the numerical work, and brings the result into C order with
what the row asks for: zeros in a triangle, NaN for matrices that are not finite, a real diagonal.
The copies are fused programs (`Fused`).

Whether a matrix could be treated is known to the device alone, and the call that cannot be has to
raise: `cholesky`, `solve`, `svd`, `svdvals`, `eig` and `eigvals` read one byte a matrix, which
waits for the device. `qr`, `eigh`, `eigvalsh` and `slogdet` read nothing; the libraries' own
iterations (`svd`, `eigh`, `eig` and their variants) wait inside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xgpu.plugin import KernelOp, Result, Strided, dtypes
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.fused import Formula, Fused, contiguous

Attributes = Mapping[str, Any]


class LinearAlgebra:
    """The kernel ops over one driver."""

    def __init__(self, driver: Driver, fused: Fused) -> None:
        self._driver = driver
        self._libraries = driver.libraries
        self._fused = fused

    def kernel_ops(self) -> dict[str, KernelOp]:
        """By the names of their rows."""
        return {
            "cholesky": self.cholesky,
            "eig": self.eig,
            "eigh": self.eigh,
            "eigvals": self.eigvals,
            "eigvalsh": self.eigvalsh,
            "qr": self.qr,
            "slogdet": self.slogdet,
            "solve": self.solve,
            "svd": self.svd,
            "svdvals": self.svdvals,
        }

    # ---- Triangular factors ----

    def cholesky(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """The lower factor of the lower triangle, zeros above; NaN in it is no reason to raise."""
        (x,) = operands
        factor, info = self._libraries.cholesky(device, self._by_columns(device, x))
        stack, rank = x.shape[:-2], len(x.shape)
        check = Formula(stack, x.shape[-2:])
        read = check.test("greater_equal", check.index(rank - 2), check.index(rank - 1))
        strange = check.test("logical_and", check.test("isnan", check.load(x)), read)
        strange = check.test("any", strange)
        said = check.load(contiguous(info.buffer, dtypes.int32, stack), after=True)
        missing = check.test("not_equal", said, check.scalar(0, dtypes.int32))
        spoilt = check.test("logical_and", missing, strange)
        failed = check.test("logical_and", missing, check.test("logical_not", strange))
        flags, unknown = self._fused.run(device, check, failed, spoilt)
        self._refuse(device, flags, stack, "is not positive definite")
        made = Formula(factor.shape)
        below = made.test("greater_equal", made.index(1), made.index(2))
        value = made.op(
            "where", self._each(made, unknown), self._nan(made, factor), made.load(factor)
        )
        value = made.op("where", below, value, made.scalar(0, factor.dtype))
        return self._fused.run(device, made, value)

    def solve(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """By LU; a matrix is singular if U has a zero on its diagonal."""
        a, b = (self._by_columns(device, operand) for operand in operands)
        lu, pivots = self._libraries.lu(device, a)
        solution = self._libraries.lu_solve(device, lu, pivots, b)
        check = Formula(lu.shape[:1], lu.shape[1:2])
        zero = check.test("equal", check.load(_diagonal(lu)), check.scalar(0, lu.dtype))
        (flags,) = self._fused.run(device, check, check.test("any", zero))
        self._refuse(device, flags, operands[0].shape[:-2], "is singular")
        return [self._fused.copy(device, solution)]

    def slogdet(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """From the diagonal of U and the number of rows that were swapped."""
        lu, pivots = self._libraries.lu(device, self._by_columns(device, operands[0]))
        f = Formula(lu.shape[:1], lu.shape[1:2])
        real = dtypes.real_of(lu.dtype)
        pivot = f.load(_diagonal(lu))
        here = f.op("add", f.index(1), f.scalar(1, dtypes.int64))
        there = f.op("cast", f.load(pivots), dtype=dtypes.int64)
        turned = f.test("not_equal", there, here)
        zero = f.test("any", f.test("equal", pivot, f.scalar(0, lu.dtype)))
        magnitude = f.op("abs", pivot, dtype=real)
        if lu.dtype is real:
            negative = f.test("less", pivot, f.scalar(0, real))
            turned = f.test("logical_xor", turned, negative)
        turns = f.op("sum", f.op("cast", turned, dtype=dtypes.int64))
        odd = f.op("bitwise_and", turns, f.scalar(1, dtypes.int64))
        odd = f.test("not_equal", odd, f.scalar(0, dtypes.int64))
        sign = f.op("where", odd, f.scalar(-1, lu.dtype), f.scalar(1, lu.dtype))
        if lu.dtype is not real:
            unit = f.op("divide", pivot, f.op("cast", magnitude, dtype=lu.dtype))
            sign = f.op("multiply", f.op("prod", unit), sign)
        logarithm = f.op("sum", f.op("log", magnitude))
        sign = f.op("where", zero, f.scalar(0, lu.dtype), sign)
        logarithm = f.op("where", zero, f.scalar(-math.inf, real), logarithm)
        return self._fused.run(device, f, sign, logarithm)

    # ---- Orthogonal factors ----

    def qr(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """Zeros below R's diagonal, which is made real."""
        (x,) = operands
        complete = given["mode"] == "complete"
        q, r = self._libraries.qr(device, self._by_columns(device, x), complete)
        made = Formula(r.shape)
        above = made.test("less_equal", made.index(1), made.index(2))
        value = made.op("where", above, made.load(r), made.scalar(0, r.dtype))
        (upper,) = self._fused.run(device, made, value)
        factor = self._fused.copy(device, q)
        if x.dtype.kind == "c":
            self._turn(device, contiguous(factor, q.dtype, q.shape), r, upper)
        return [factor, upper]

    def _turn(self, device: int, q: Strided, r: Strided, upper: Memory) -> None:
        """Move what is not real in R's diagonal to the columns of Q, in place."""
        batch, size = r.shape[0], min(r.shape[-2:])
        phases = Formula((batch, size))
        diagonal = phases.load(_diagonal(r))
        real = dtypes.real_of(r.dtype)
        length = phases.op("abs", diagonal, dtype=real)
        unit = phases.op("divide", diagonal, phases.op("cast", length, dtype=r.dtype))
        imaginary = phases.op("imag", diagonal, dtype=real)
        turned = phases.test("not_equal", imaginary, phases.scalar(0, real))
        flags, units, lengths = self._fused.run(device, phases, turned, unit, length)
        for operand, axis in ((q, 2), (contiguous(upper, r.dtype, r.shape), 1)):
            shape = list(operand.shape)
            shape[axis] = size
            part = operand._replace(shape=tuple(shape))
            made = Formula(part.shape)
            strides = (size, 0, 1) if axis == 2 else (size, 1, 0)

            def along(
                memory: Memory,
                dtype: dtypes.DType,
                made: Formula = made,
                strides: tuple[int, ...] = strides,
            ) -> int:
                return made.load(Strided(memory, dtype, made.kept, strides, 0))

            old, phase = made.load(part), along(units, r.dtype)
            if axis == 2:
                value = made.op("multiply", old, phase)
            else:
                value = made.op("multiply", old, made.op("conj", phase))
                on = made.test("equal", made.index(1), made.index(2))
                exact = made.op("cast", along(lengths, real), dtype=r.dtype)
                value = made.op("where", on, exact, value)
            value = made.op("where", along(flags, dtypes.bool_), value, old)
            self._fused.run(device, made, value, into=part)

    def svd(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """NaN for a matrix that is not finite, of which the libraries get zeros."""
        a, usable = self._finite(device, operands[0])
        parts = self._libraries.svd(device, a, given["full_matrices"])
        return [self._where_usable(device, usable, part) for part in parts]

    def svdvals(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """As in `svd`."""
        a, usable = self._finite(device, operands[0])
        return [self._where_usable(device, usable, self._libraries.svdvals(device, a))]

    # ---- Eigenvalues ----

    def eigh(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """NaN for a matrix that is not finite, of which the libraries get zeros."""
        a, usable = self._finite(device, operands[0])
        parts = self._libraries.eigh(device, a)
        return [self._where_usable(device, usable, part) for part in parts]

    def eigvalsh(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """As in `eigh`."""
        a, usable = self._finite(device, operands[0])
        return [self._where_usable(device, usable, self._libraries.eigvalsh(device, a))]

    def eig(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """A matrix that is not finite raises."""
        a, _usable = self._finite(device, operands[0], refused=True)
        return [self._fused.copy(device, part) for part in self._libraries.eig(device, a)]

    def eigvals(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], _: Attributes
    ) -> list[Memory]:
        """As in `eig`."""
        a, _usable = self._finite(device, operands[0], refused=True)
        return [self._fused.copy(device, self._libraries.eigvals(device, a))]

    # ---- What they share ----

    def _by_columns(self, device: int, x: Strided, usable: Memory | None = None) -> Strided:
        """A copy that is stored by columns; zeros for matrices that are not ``usable``."""
        *stack, rows, columns = x.shape
        turned = x._replace(shape=(*stack, columns, rows), strides=_swapped(x.strides))
        made = Formula(turned.shape)
        value = made.load(turned)
        if usable is not None:
            shape = (*stack, columns, rows)
            strides = (*contiguous(usable, dtypes.bool_, tuple(stack)).strides, 0, 0)
            good = made.load(Strided(usable, dtypes.bool_, shape, strides, 0))
            value = made.op("where", good, value, made.scalar(0, x.dtype))
        (memory,) = self._fused.run(device, made, value)
        strides = (rows * columns, 1, rows)
        return Strided(memory, x.dtype, (math.prod(stack), rows, columns), strides, 0)

    def _finite(self, device: int, x: Strided, refused: bool = False) -> tuple[Strided, Memory]:
        """The operand by columns, and which matrices are finite; the others are zeros in it.

        Raises:
            LinAlgError: there are others, and they are ``refused``.
        """
        stack = x.shape[:-2]
        check = Formula(stack, x.shape[-2:])
        value = check.load(x)
        outputs = [check.test("all", check.test("isfinite", value))]
        if refused:
            outputs.append(check.test("logical_not", outputs[0]))
        usable, *bad = self._fused.run(device, check, *outputs)
        if bad:
            self._refuse(device, bad[0], stack, "has infs or NaNs, and no eigenvalues")
        return self._by_columns(device, x, usable), usable

    def _where_usable(self, device: int, usable: Memory, part: Strided) -> Memory:
        """In C order, with NaN for the matrices that are not usable."""
        made = Formula(part.shape)
        value = made.op("where", self._each(made, usable), made.load(part), self._nan(made, part))
        return self._fused.run(device, made, value)[0]

    def _each(self, made: Formula, flags: Memory) -> int:
        """A bool of each matrix, at every element of what belongs to it."""
        strides = (1,) + (0,) * (len(made.kept) - 1)
        return made.load(Strided(flags, dtypes.bool_, made.kept, strides, 0))

    def _nan(self, made: Formula, part: Strided) -> int:
        return made.scalar(math.nan, part.dtype)

    def _refuse(self, device: int, flags: Memory, stack: tuple[int, ...], what: str) -> None:
        """Raise for the first matrix whose flag is set; waits for the device.

        Raises:
            LinAlgError: there is one.
        """
        found = np.flatnonzero(self._driver.to_host(device, flags.ptr, math.prod(stack)))
        if found.size:
            where = tuple(int(i) for i in np.unravel_index(int(found[0]), stack)) if stack else ()
            matrix = f"matrix {list(where)} of the stack" if stack else "the matrix"
            raise np.linalg.LinAlgError(f"{matrix} {what}")


def _diagonal(x: Strided) -> Strided:
    """The diagonals of a stack, (batch, length)."""
    batch, rows, columns = x.shape
    first, down, right = x.strides
    return x._replace(shape=(batch, min(rows, columns)), strides=(first, down + right))


def _swapped(strides: tuple[int, ...]) -> tuple[int, ...]:
    return (*strides[:-2], strides[-1], strides[-2])

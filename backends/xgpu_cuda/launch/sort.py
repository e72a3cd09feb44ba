"""`sort` and `argsort`: kernels/sort.cu for short rows, a radix sort for long ones.

That is the one of kernels/radix.cu, or the one of the device's own library, Thrust. The environment
variable ``XGPU_SORT`` says which: ``radix``, the default, or ``library``. It is read at each call.
docs/measurements/sorts.md has the times of both.

The library sorts one row of integers, float32 or float64, ascending and stably, with -0.0 equal to
0.0 (see `xgpu_cuda.driver.Libraries.sort`). Keys turn the ops into that: the numbers themselves,
with every NaN the one that comes last, or for descending order the numbers turned around, which
leaves equal ones in their order too. bool and the 16-bit floats are sorted as uint8 and float32.
Several long rows are sorted one after another, and many of middling length all at once: by the
keys, and then, since that sort is stable too, by the numbers of their rows.

On all of these ways zeros keep the signs and the order that they have in the operand, as on the
reference; the bits of a NaN need not be kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from xgpu.plugin import KernelOp, Result, Strided, dtypes
from xgpu.plugin.dtypes import DType, kind_of
from xgpu_cuda.driver import Driver, Memory
from xgpu_cuda.launch.compiled import Compiled
from xgpu_cuda.launch.fused import Formula, Fused, contiguous
from xgpu_cuda.launch.gather import Gather
from xgpu_cuda.launch.operands import address, addressing, collapsed, packed, source
from xgpu_cuda.launch.radix import Radix, key_members, takes
from xgpu_cuda.launch.setting import setting

ENTRY: Final = "xgpu_sort_rows"

BLOCK: Final = 256
SHORT: Final = 2048
"""Threads of a block, and the elements that it can sort, as in sort.cu."""

SHARE: Final = 1024
"""Elements of a block where there are more rows than fill one."""

LONG: Final = 1 << 20
"""Rows from this length on are sorted one by one by the library."""

WAYS: Final = ("library", "radix")
"""What ``XGPU_SORT`` can be."""

Attributes = Mapping[str, Any]


class Sort:
    """The kernel ops over one driver; remembers its compiled kernels."""

    def __init__(self, driver: Driver, fused: Fused) -> None:
        self._driver = driver
        self._fused = fused
        self._gather = Gather(driver)
        self._radix = Radix(driver)
        self._compiled = Compiled(driver, sort_source, ENTRY)

    def kernel_ops(self) -> dict[str, KernelOp]:
        """By the names of their rows."""
        return {"argsort": self.argsort, "sort": self.sort}

    def sort(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """The elements in order along the last axis."""
        (x,), descending = operands, bool(given["descending"])
        length = x.shape[-1]
        rows = math.prod(x.shape) // length
        if length <= SHORT:
            return [self._short(device, x, descending, places=False)]
        if way(x) == "radix":
            return [self._radix(device, x, descending, places=False)]
        if rows > 1 and length < LONG:
            order = self._order_of_rows(device, x, descending)
            return self._gather(device, [x, order], results, {})
        keys = self._keys(device, x, descending)
        for row in range(rows):
            self._driver.libraries.sort(device, _part(keys, row * length, length))
        return [self._values(device, keys, x.dtype, descending)]

    def argsort(
        self, device: int, operands: Sequence[Strided], results: Sequence[Result], given: Attributes
    ) -> list[Memory]:
        """The places of the elements in order along the last axis, int64."""
        (x,), descending = operands, bool(given["descending"])
        length = x.shape[-1]
        rows = math.prod(x.shape) // length
        if length <= SHORT:
            return [self._short(device, x, descending, places=True)]
        if way(x) == "radix":
            return [self._radix(device, x, descending, places=True)]
        if rows > 1 and length < LONG:
            order = self._order_of_rows(device, x, descending)
            made = Formula(order.shape)
            place = made.op("remainder", made.load(order), made.scalar(length, dtypes.int64))
            return self._fused.run(device, made, place)
        keys = self._keys(device, x, descending)
        order = self._places(device, keys.shape[0])
        for row in range(rows):
            keys_of_row, order_of_row = (_part(o, row * length, length) for o in (keys, order))
            self._driver.libraries.argsort(device, keys_of_row, order_of_row)
        return [order.buffer]

    # ---- Short rows ----

    def _short(self, device: int, x: Strided, descending: bool, places: bool) -> Memory:
        length = x.shape[-1]
        rows = math.prod(x.shape) // length
        axes = collapsed(x.shape[:-1], x.strides[:-1])
        function = self._compiled(device, x.dtype, places, len(axes))[ENTRY]
        out = self._driver.allocate(device, rows * length * (8 if places else x.dtype.itemsize))
        padded = 1 << (length - 1).bit_length()
        block_rows = min(max(1, SHARE // padded), rows)
        slots = [rows, length, padded, block_rows, descending, address(x), x.strides[-1], out.ptr]
        arguments = packed([*slots, *addressing(axes)])
        self._driver.launch(device, function, -(-rows // block_rows), BLOCK, 0, arguments)
        return out

    # ---- The library ----

    def _keys(self, device: int, x: Strided, descending: bool) -> Strided:
        """Fresh keys, all rows one after another."""
        dtype = key_dtype(x.dtype)
        made = Formula(x.shape)
        value = made.load(x)
        if dtype != x.dtype:
            value = made.op("cast", value, dtype=dtype)
        (memory,) = self._fused.run(
            device, made, _canonical(made, _turned(made, value, descending))
        )
        return contiguous(memory, dtype, (math.prod(x.shape),))

    def _values(self, device: int, keys: Strided, dtype: DType, descending: bool) -> Memory:
        """The numbers whose keys these are."""
        if not descending and keys.dtype == dtype:
            memory: Memory = keys.buffer
            return memory
        made = Formula(keys.shape)
        value = _canonical(made, _turned(made, made.load(keys), descending))
        if keys.dtype != dtype:
            return self._fused.run(device, made, made.op("cast", value, dtype=dtype))[0]
        return self._fused.run(device, made, value, into=keys)[0]

    def _order_of_rows(self, device: int, x: Strided, descending: bool) -> Strided:
        """The positions, in C order of the operand, of its elements row by row, each in order."""
        length = x.shape[-1]
        keys = self._keys(device, x, descending)
        count = keys.shape[0]
        by_key = self._places(device, count)
        self._driver.libraries.argsort(device, keys, by_key)
        number = dtypes.uint16 if count // length <= 1 << 16 else dtypes.uint32
        made = Formula((count,))
        row = made.op("floor_divide", made.load(by_key), made.scalar(length, dtypes.int64))
        (memory,) = self._fused.run(device, made, made.op("cast", row, dtype=number))
        by_row = self._places(device, count)
        self._driver.libraries.argsort(device, contiguous(memory, number, (count,)), by_row)
        result = Result(dtypes.int64, (count,))
        (order,) = self._gather(device, [by_key, by_row], [result], {})
        return contiguous(order, dtypes.int64, (count,))

    def _places(self, device: int, count: int) -> Strided:
        return contiguous(self._driver.allocate(device, 8 * count), dtypes.int64, (count,))


def way(x: Strided) -> str:
    """``$XGPU_SORT``, or else our own; the library where our own does not take so many rows.

    Raises:
        ValueError: the variable is none of `WAYS`.
    """
    given = setting("XGPU_SORT", WAYS, "radix")
    return given if takes(x) else "library"


def key_dtype(dtype: DType) -> DType:
    """What the library sorts numbers of this dtype as."""
    if dtype == dtypes.bool_:
        return dtypes.uint8
    return dtypes.float32 if dtype in dtypes.NARROW else dtype


def sort_source(dtype: DType, places: bool, axes: int) -> str:
    """The text that includes sort.cu for one dtype."""
    members = [
        *key_members(dtype),
        f"static constexpr bool places = {str(places).lower()}",
        f"static constexpr int batch_axes = {axes}",
    ]
    return source("sort.cu", "sort_types", members)


def _turned(made: Formula, value: int, descending: bool) -> int:
    """Numbers in the reverse order, and from those the first ones again."""
    if not descending:
        return value
    return made.op("negative" if kind_of(made.dtype(value)) == "f" else "bitwise_invert", value)


def _canonical(made: Formula, value: int) -> int:
    """One NaN for all of them, which has no sign."""
    dtype = made.dtype(value)
    if kind_of(dtype) != "f":
        return value
    return made.op("where", made.test("isnan", value), made.scalar(math.nan, dtype), value)


def _part(row: Strided, start: int, length: int) -> Strided:
    return row._replace(shape=(length,), offset=row.offset + start)

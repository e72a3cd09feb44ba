"""docs/accuracy.md, from the JSON files that docs/measurements/accuracy.py writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

DEVICES: Final = ("cpu", "cudasim", "cuda")
REAL: Final = ("float32", "float64", "float16", "bfloat16")
COMPLEX: Final = ("complex64", "complex128")

TEXT: Final = """\
# Accuracy

What the elementwise functions promise, on every device, and the largest errors measured.

## What is promised

- **Exact.** Integer and bool functions (integers wrap), comparisons, casts, rounding (`ceil`,
  `floor`, `round`, `trunc`), `abs`, `sign`, `copysign`, `nextafter`, `maximum`, `minimum` and
  `clip` give the one right value. `add`, `subtract`, `multiply`, `divide`, `remainder`,
  `reciprocal`, `square` and `sqrt` of real floats are correctly rounded (IEEE 754, to nearest, ties
  to even); `floor_divide` is exact, too, while the quotient has digits after the point. So are
  functions of complex numbers that work on the components alone: `add`, `subtract`, `negative`,
  `conj`, `real`, `imag`, `round`.
- **At most 4 ULP** for the other functions of real floats. One ULP is the distance of two
  neighbouring numbers of the dtype at the true value; a correctly rounded result is within 0.5 ULP
  of it.
- **At most 6 ULP** for the other functions of complex numbers, in each component; 8 for `tan` and
  `tanh`. They are made of several real functions, whose errors add up.
- **16-bit floats** are computed in float32 and rounded once.
- **No contraction.** A multiplication and an addition are never made into one fused multiply-add
  (`--fmad=false` for NVRTC, `-ffp-contract=off` for the simulator's compiler), so fusing calls into
  one kernel changes no bit of an elementwise result. Where a header asks for `fma` itself, it says
  so. One sum does: that of products, or squares, of float32 or float64 over
  [pairs](architecture.md#reductions-over-pairs) on CUDA devices adds each product before it is
  rounded, so a term has one rounding, not two.
- **Subnormal numbers** are read and written as such on every device (`--ftz=false`).
- **Special values** (signed zeros, infinities, NaN, branch cuts) are those of the Array API
  standard 2025.12.

What an error is measured in, where it is not the component of the result:

- `expm1`, `multiply`, `square`, `divide`, `reciprocal` and `pow` of complex numbers: in ULP of the
  larger component of the result. The smaller one may be a difference of terms of that size, which a
  formula in floats does not resolve.
- `logaddexp`: in ULP of the largest of its operands and its result. Near 0 it is the difference of
  an operand and a correction of the same size, and an operand's own rounding moves it by more.

Two limits:

- `pow` of complex numbers is measured where |x2 log(x1)| is below about 1,000. On CUDA devices its
  error grows by |x2 log(x1)| / 2**18 ULP. The reference computes it in the next wider format, for
  complex128 that of C's `long double`; on a platform without a wider one the error grows by
  |x2 log(x1)| ULP.
- `multiply` and `square` of complex numbers are the textbook formula: where a product of two
  components overflows, a component of the result is infinite or NaN.

The [value tests](../tests/values/test_elementwise_accuracy.py) hold this on every commit, at fewer
operands.
"""


def load(folder: Path) -> list[dict[str, Any]]:
    """The records that are there, in the order of `DEVICES`."""
    files = [folder / f"accuracy-{device}.json" for device in DEVICES]
    return [json.loads(f.read_text(encoding="utf-8")) for f in files if f.exists()]


def render(folder: Path) -> str:
    """The page."""
    records = load(folder)
    names, others = " / ".join(r["device"] for r in records), records[1:]
    compared = " / ".join(r["device"] for r in others)
    real, imaginary = points(records[0], "float64"), points(records[0], "complex128")
    parts = [
        TEXT,
        "## Largest errors\n",
        f"In ULP of the true value, {names}. 16-bit functions of one operand are measured at every",
        f"number, the others at {real} operands of each real dtype and at most {imaginary} of each",
        "complex one: special values and random numbers, many of them near zeros, poles, branch",
        "points, overflow and underflow.\n",
        *table(records, REAL, "ulp"),
        "",
        *table(records, COMPLEX, "ulp"),
        "",
    ]
    if others:
        parts += [
            "## Largest distances from cpu\n",
            f"At the same operands, in the same units: {compared}.\n",
            *table(others, REAL, "from cpu"),
            "",
            *table(others, COMPLEX, "from cpu"),
            "",
        ]
    parts += [
        "## Worst operands\n",
        "The largest error of each function, over dtypes and devices.\n",
        *extremes(records),
        "",
        "## How it was measured\n",
        *machines(records),
        "",
        "True values are mpmath's, in a precision at which two results agree to 90 bits in each",
        "component. `python docs/measurements/accuracy.py --render` writes this page from",
        ", ".join(link(r) for r in records) + ".",
    ]
    return "\n".join(parts) + "\n"


def link(record: dict[str, Any]) -> str:
    """A link to a record's file."""
    name = f"accuracy-{record['device'].partition(':')[0]}.json"
    return f"[{name}](measurements/{name})"


def points(record: dict[str, Any], dtype: str) -> str:
    """The most operands of a dtype at which a function was measured."""
    return f"{max(row[dtype]['points'] for row in rows(record, (dtype,)).values()):,}"


def rows(record: dict[str, Any], dtypes: tuple[str, ...]) -> dict[str, Any]:
    """The functions that take one of some dtypes."""
    functions = sorted(record["functions"].items())
    return {name: row for name, row in functions if any(d in row for d in dtypes)}


def table(records: list[dict[str, Any]], dtypes: tuple[str, ...], what: str) -> Iterator[str]:
    """A row for each function, a column for each dtype, a number for each device."""
    if not records:
        return
    kept = [d for d in dtypes if rows(records[0], (d,))]
    yield f"| function | {' | '.join(kept)} |"
    yield "|---" * (len(kept) + 1) + "|"
    for name in rows(records[0], dtypes):
        cells = [
            " / ".join(number(r["functions"][name].get(d), what) for r in records) for d in kept
        ]
        yield f"| `{name}` | {' | '.join(cells)} |"


def number(row: dict[str, Any] | None, what: str) -> str:
    """An error to two places, rounded up."""
    if row is None:
        return ""
    value = row["ulp"] if what == "ulp" else row[what]["ulp"]
    return f"{-(-value * 100 // 1) / 100:.2f}"


def extremes(records: list[dict[str, Any]]) -> Iterator[str]:
    """For each function the dtype, device, operands and result of its largest error."""
    yield "| function | ULP | dtype | device | operands | result |"
    yield "|---|---|---|---|---|---|"
    for name in sorted(records[0]["functions"]):
        found = [
            (row["ulp"], dtype, record["device"], row)
            for record in records
            for dtype, row in record["functions"][name].items()
        ]
        ulp, dtype, device, row = max(found, key=lambda f: f[0])
        given = ", ".join(row["at"])
        yield f"| `{name}` | {ulp:.2f} | {dtype} | {device} | {given} | {row['result']} |"


def machines(records: list[dict[str, Any]]) -> Iterator[str]:
    """Where, when and with what each record was made."""
    yield "| device | command | hardware | versions | date |"
    yield "|---|---|---|---|---|"
    for r in records:
        versions = f"xgpu {r['xgpu']}, NumPy {r['numpy']}, mpmath {r['mpmath']}, {r['libc']}"
        yield (
            f"| {r['device']} | `{r['command']}` | {r['hardware']} "
            f"| Python {r['python']}, {versions} | {r['date']} |"
        )

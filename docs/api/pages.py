"""Which pages there are, and what they hold that no docstring says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STANDARD: Final = "https://data-apis.org/array-api/2025.12/"
COMMAND: Final = "python -m docs.api.generate"


@dataclass(frozen=True)
class Page:
    """One page: the public names that are defined in ``modules``."""

    file: str
    title: str
    modules: tuple[str, ...]  #: the text of the first one is the page's introduction
    chapter: str = ""  #: the standard's page of the chapter
    entry: str = ""  #: the standard's page of one name

    @property
    def prefix(self) -> str:
        """What stands before the names of an extension."""
        return f"{self.file}." if self.file in MODULES else ""

    def link(self, name: str) -> str:
        """The standard's page of a name."""
        return STANDARD + self.entry.format(name)


EXTENSIONS: Final = ("linalg", "fft")
MODULES: Final = (*EXTENSIONS, "special", "bench")
"""Those whose names are written with the module's own."""


def _chapter(file: str, title: str, standard: str, entry: str = "{}", *further: str) -> Page:
    return Page(
        file,
        title,
        (f"xgpu.{file}", *further),
        f"API_specification/{standard}.html",
        f"API_specification/generated/array_api.{entry}.html",
    )


def _extension(file: str, standard: str) -> Page:
    return Page(
        file,
        f"The extension {file}",
        (f"xgpu.{file}",),
        f"extensions/{standard}.html",
        f"extensions/generated/array_api.{file}.{{}}.html",
    )


PAGES: Final = (
    _chapter(
        "array",
        "The array object",
        "array_object",
        "array.{}",
        "xgpu.attributes",
        "xgpu.values",
        "xgpu.display",
        "xgpu.methods",
        "xgpu.operators",
        "xgpu.runtime.exchange",
    ),
    _chapter("constants", "Constants", "constants", "constants.{}"),
    _chapter("creation", "Creation functions", "creation_functions"),
    _chapter("data_types", "Data types", "data_type_functions", "{}", "xgpu.plugin.dtypes"),
    _chapter("elementwise", "Element-wise functions", "elementwise_functions"),
    _chapter("indexing", "Indexing functions", "indexing_functions"),
    _chapter("info", "Inspection", "inspection", "info.{}"),
    _chapter("linear_algebra", "Linear algebra functions", "linear_algebra_functions"),
    _chapter("manipulation", "Manipulation functions", "manipulation_functions"),
    _chapter("searching", "Searching functions", "searching_functions"),
    _chapter("sets", "Set functions", "set_functions"),
    _chapter("sorting", "Sorting functions", "sorting_functions"),
    _chapter("statistical", "Statistical functions", "statistical_functions"),
    _chapter("utility", "Utility functions", "utility_functions"),
    _extension("linalg", "linear_algebra_functions"),
    _extension("fft", "fourier_transform_functions"),
    Page("nan_functions", "Reductions without NaN", ("xgpu.nan_functions",)),
    Page(
        "special",
        "Special functions",
        (
            "xgpu.special",
            *(
                f"xgpu.special.{part}"
                for part in (
                    "error_functions",
                    "gamma_functions",
                    "beta_functions",
                    "zeta_functions",
                    "bessel_functions",
                    "distributions",
                    "entropy",
                    "logistic",
                    "elementary",
                )
            ),
        ),
    ),
    Page("numpy_functions", "Functions of NumPy", ("xgpu.numpy_functions",)),
    Page("execution", "When work runs", ("xgpu.execution", "xgpu.runtime.trace")),
    Page(
        "devices",
        "Devices and backends",
        ("xgpu.runtime.plugins", "xgpu.graph.device", "xgpu.runtime.guard", "xgpu.runtime.mixed"),
    ),
    Page("streams", "Streams and events", ("xgpu.stream",)),
    Page("capturing", "Captured functions", ("xgpu.capturing",)),
    Page("bench", "Timing", ("xgpu.bench", "xgpu.bench.timer", "xgpu.bench.ceiling")),
    Page("errors", "Errors", ("xgpu.plugin.errors",)),
)

#: What else there is to read about a page's subject.
MORE: Final = {
    "array": "[Indexing](../indexing.md), [dtypes and promotion](../dtypes.md), "
    "[getting arrays in and out](../exchange.md)",
    "bench": "[Benchmarks](../benchmarks.md)",
    "capturing": "[Captured functions](../capture.md)",
    "creation": "[Getting arrays in and out](../exchange.md)",
    "data_types": "[Dtypes and promotion](../dtypes.md)",
    "devices": "[Devices and plugins](../devices.md), [Add a backend](../../backends/README.md)",
    "elementwise": "[Dtypes and promotion](../dtypes.md)",
    "execution": "[Lazy, as if eager](../quickstart.md#lazy-as-if-eager), "
    "[how one call travels](../architecture.md#how-one-call-travels)",
    "indexing": "[Indexing](../indexing.md)",
    "special": "[How near the special functions are](../special.md)",
    "streams": "[Streams](../streams.md)",
}

#: The page of a name where that of its module is another one.
MOVED: Final = {
    "allow_fallback": "devices",
    "default_device": "devices",
    "eager": "execution",
    "get_default_device": "devices",
    "set_default_device": "devices",
    "to_device": "devices",
}

#: Operator -> (method, function). The reflected and in-place methods go with them.
OPERATORS: Final = {
    "abs(x)": ("__abs__", "abs"),
    "-x": ("__neg__", "negative"),
    "+x": ("__pos__", "positive"),
    "~x": ("__invert__", "bitwise_invert"),
    "x1 + x2": ("__add__", "add"),
    "x1 - x2": ("__sub__", "subtract"),
    "x1 * x2": ("__mul__", "multiply"),
    "x1 / x2": ("__truediv__", "divide"),
    "x1 // x2": ("__floordiv__", "floor_divide"),
    "x1 % x2": ("__mod__", "remainder"),
    "x1 ** x2": ("__pow__", "pow"),
    "x1 @ x2": ("__matmul__", "matmul"),
    "x1 & x2": ("__and__", "bitwise_and"),
    "x1 | x2": ("__or__", "bitwise_or"),
    "x1 ^ x2": ("__xor__", "bitwise_xor"),
    "x1 << x2": ("__lshift__", "bitwise_left_shift"),
    "x1 >> x2": ("__rshift__", "bitwise_right_shift"),
    "x1 < x2": ("__lt__", "less"),
    "x1 <= x2": ("__le__", "less_equal"),
    "x1 > x2": ("__gt__", "greater"),
    "x1 >= x2": ("__ge__", "greater_equal"),
    "x1 == x2": ("__eq__", "equal"),
    "x1 != x2": ("__ne__", "not_equal"),
}

#: Names in signatures that are no public names, as (module, name).
TYPES: Final = (
    ("xgpu.plugin.promotion", "Scalar"),
    ("xgpu.plugin.dtypes", "DType"),
    ("xgpu.creation", "Shape"),
    ("xgpu.statistical", "Axis"),
    ("xgpu.manipulation", "Axes"),
    ("xgpu.fft", "Norm"),
)

#: Parameters that mean the same wherever they are; the docstrings explain the others.
PARAMETERS: Final = {
    ("x", "x1", "x2", "arrays"): "the operands; all arrays of one call are on one device. Where "
    "the annotation allows a `Scalar`, a Python number may stand for one of two operands, and "
    "takes the dtype of the other",
    ("axis", "axes"): "the number of an axis, or several where the annotation allows it; "
    "negative ones count from the last axis. None is all axes, or the array flattened",
    ("keepdims",): "whether the axes that a function folds stay in the result, with length 1",
    ("dtype",): "the dtype of the result; None for the one that the entry tells. What "
    "else `numpy.dtype` takes will do at run time, if xgpu has the dtype",
    ("device",): "where the result goes, as `'cuda:0'` or an `xgpu.Device`; None for the "
    "[default device](../devices.md#choosing-one), or for that of the arrays given",
    ("shape",): "the lengths of the axes; an int for one axis",
    ("copy",): "True for a copy in any case, False for an error where one is needed, None for "
    "a copy where one is needed",
}

"""The dialect of CUDA C++, as NVRTC and the simulator's host compiler read it.

The headers are those of the CUDA backend's ``kernels/include``.
"""

from __future__ import annotations

from typing import Final

from xgpu.codegen.dialect import Dialect
from xgpu.codegen.tuning import SEVERAL
from xgpu.plugin import dtypes

_HEADERS: Final = {
    "arithmetic": "abs add divide floor_divide maximum minimum multiply negative reciprocal "
    "remainder sign square subtract",
    "bitwise": "bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift "
    "bitwise_xor",
    "cast": "cast",
    "comparison": "equal greater greater_equal isfinite isinf isnan less less_equal logical_and "
    "logical_not logical_or logical_xor not_equal signbit where",
    "complex": "conj imag real",
    "math": "acos acosh asin asinh atan atan2 atanh copysign cos cosh exp expm1 hypot log log10 "
    "log1p log2 logaddexp nextafter sin sinh sqrt tan tanh",
    "power": "pow",
    "rounding": "ceil floor round trunc",
    "accumulators": "all any argmax argmin max min prod squares_about sum",
    "exponentials": "exponentials_about",
    "special/bessel": "i0e i1e",
    "special/bessel_j": "j0 j1 y0 y1",
    "special/bessel_k": "k0e k1e",
    "special/beta": "betainc betaincc betaln",
    "special/error": "erf erfc erfcx erfinv ndtri",
    "special/gamma": "digamma gamma gammaln",
    "special/incomplete_gamma": "gammainc gammaincc",
    "special/inverse_gamma": "gammaincinv gammainccinv",
    "special/student": "stdtr stdtrit",
    "special/zeta": "riemann_zeta zeta",
}

_COMPLEX: Final = {
    "arithmetic": "complex",
    "comparison": "complex",
    "math": "complex_math",
    "power": "complex_power",
    "rounding": "complex",
    "accumulators": "complex",
}

CUDA: Final = Dialect(
    name="cuda",
    types={
        dtypes.bool_: "bool",
        dtypes.int8: "int8_t",
        dtypes.int16: "int16_t",
        dtypes.int32: "int32_t",
        dtypes.int64: "int64_t",
        dtypes.uint8: "uint8_t",
        dtypes.uint16: "uint16_t",
        dtypes.uint32: "uint32_t",
        dtypes.uint64: "uint64_t",
        dtypes.float16: "float16",
        dtypes.bfloat16: "bfloat16",
        dtypes.float32: "float",
        dtypes.float64: "double",
        dtypes.complex64: "complex<float>",
        dtypes.complex128: "complex<double>",
    },
    base=("xgpu/types.cuh", "xgpu/space.cuh", "xgpu/memory.cuh"),
    headers={op: f"xgpu/{file}.cuh" for file, ops in _HEADERS.items() for op in ops.split()},
    complex_headers={
        op: f"xgpu/{_COMPLEX[file]}.cuh"
        for file, ops in _HEADERS.items()
        if file in _COMPLEX
        for op in ops.split()
    },
    type_headers=dict.fromkeys(dtypes.NARROW, "xgpu/half.cuh"),
    several={op: f"xgpu::several::{op}" for op in sorted(SEVERAL)},
    several_header="xgpu/several.cuh",
    kernels={
        name: f"{name}.cu"
        for name in ("elementwise", "tiles", "stencil", "reduction", "rows", "pairs")
    },
)

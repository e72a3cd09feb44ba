"""Row programs: several reductions of one row, and what is computed from them."""

from __future__ import annotations

from typing import Any, Final

from xgpu.bench.case import Case, Draw, in_torch, same

# Softmax of rows


def softmax(xp: Any, x: Any) -> Any:
    """The stable form."""
    powers = xp.exp(x - xp.max(x, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def softmax_torch(torch: Any, x: Any) -> Any:
    """The same, in PyTorch's names."""
    powers = torch.exp(x - torch.amax(x, dim=1, keepdim=True))
    return powers / torch.sum(powers, dim=1, keepdim=True)


def softmax_functional(torch: Any, x: Any) -> Any:
    """PyTorch's own function."""
    return torch.nn.functional.softmax(x, dim=1)


def softmax_triton(kernels: Any, x: Any) -> Any:
    """A kernel of the battery's own."""
    return kernels.softmax(x)


# Layer normalisation (J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450)

EPSILON = 1e-5


def layer_norm(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Mean and variance of rows."""
    centred = x - xp.mean(x, axis=1, keepdims=True)
    variance = xp.mean(centred * centred, axis=1, keepdims=True)
    return centred / xp.sqrt(variance + EPSILON) * weight + bias


def layer_norm_torch(torch: Any, x: Any, weight: Any, bias: Any) -> Any:
    """The same, in PyTorch's names."""
    centred = x - torch.mean(x, dim=1, keepdim=True)
    variance = torch.mean(centred * centred, dim=1, keepdim=True)
    return centred / torch.sqrt(variance + EPSILON) * weight + bias


def layer_norm_functional(torch: Any, x: Any, weight: Any, bias: Any) -> Any:
    """PyTorch's own function."""
    return torch.nn.functional.layer_norm(x, (x.shape[1],), weight, bias, EPSILON)


def layer_norm_triton(kernels: Any, x: Any, weight: Any, bias: Any) -> Any:
    """A kernel of the battery's own."""
    return kernels.layer_norm(x, weight, bias, EPSILON)


# Columns of mean 0 and deviation 1


def standardise(xp: Any, x: Any) -> Any:
    """Mean and standard deviation of columns."""
    return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0)


def standardise_torch(torch: Any, x: Any) -> Any:
    """The same, in PyTorch's names."""
    return (x - torch.mean(x, dim=0)) / torch.std(x, dim=0, correction=0)


def matrix(rows: int, columns: int, dtype: str = "float32", split: bool = True) -> Draw:
    """An input of two axes."""
    return Draw((rows, columns), dtype, -4.0, 4.0, split)


CASES: Final = (
    Case(
        "softmax",
        "softmax of rows",
        (matrix(8192, 8192),),
        {
            **same(softmax, functional=softmax_functional, triton=softmax_triton),
            **in_torch(softmax_torch),
        },
        host=64 * 64,
    ),
    Case(
        "layer_norm",
        "layer norm of rows",
        (matrix(8192, 4096), Draw((4096,), low=0.5, high=1.5), Draw((4096,), low=-0.5, high=0.5)),
        {
            **same(layer_norm, functional=layer_norm_functional, triton=layer_norm_triton),
            **in_torch(layer_norm_torch),
        },
        host=64 * 64,
    ),
    Case(
        "standardise",
        "standardise columns",
        (matrix(1 << 20, 64, split=False),),
        {**same(standardise), **in_torch(standardise_torch)},
        tolerance=1e-3,  # NumPy's sums of a million float32 along the first axis are as far off
    ),
    Case(
        "softmax_float16",
        "softmax of rows, float16",
        (matrix(8192, 8192, "float16"),),
        {
            **same(softmax, functional=softmax_functional, triton=softmax_triton),
            **in_torch(softmax_torch),
        },
        group="dtypes",
        tolerance=1e-2,
    ),
)

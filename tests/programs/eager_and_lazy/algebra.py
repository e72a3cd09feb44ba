"""Steps of linear algebra, and Fourier transforms."""

from __future__ import annotations

from typing import Any

import xgpu
from tests.programs.eager_and_lazy.machine import Machine


def multiply(m: Machine) -> None:
    """Products of matrices and vectors."""
    twin = m.pick("iufc", of=lambda t: 0 < t.rank < 4)
    if twin is None:
        return
    inner = twin.shape[-1]
    other = m.pick("iufc", lambda t: bool(t.rank and t.shape[max(t.rank - 2, 0)] == inner)) or twin
    calls: dict[str, Any] = {
        "{} @ {}": lambda x, y: x @ y,
        "matmul({}, {}.mT)": lambda x, y: xgpu.matmul(x, x.mT),
        "tensordot({}, {}, 1)": lambda x, y: xgpu.tensordot(x, y, axes=1),
        "tensordot({0}, {0}, all) {1}": lambda x, y: xgpu.tensordot(x, x, axes=x.ndim),
        "vecdot({}, {})": xgpu.vecdot,
        "vecdot({0}, {0}, axis=0) {1}": lambda x, y: xgpu.vecdot(x, x, axis=-x.ndim),
        "outer({0}, {0}) {1}": lambda x, y: xgpu.linalg.outer(x[:3], x[:3]),
        "(2 * {0}) @ ({0} + {1})": lambda x, y: (2 * x) @ (x + y),
    }
    text = m.random.choice(sorted(calls))
    m.step(text, calls[text], twin, other)


def decompose(m: Machine) -> None:
    """Decompositions, systems and norms of small matrices, most of them regular."""
    twin = m.pick("fc", of=lambda t: t.rank > 1 and 0 < t.lazy.size < 200)
    if twin is None:
        return
    linalg = xgpu.linalg
    calls: dict[str, Any] = {
        "cholesky": lambda x, a: linalg.cholesky(a),
        "cross": lambda x, a: linalg.cross(x[..., :3], a[..., :1, :3]),
        "det": lambda x, a: linalg.det(a),
        "eig": lambda x, a: tuple(linalg.eig(a)),
        "eigh": lambda x, a: tuple(linalg.eigh(a)),
        "eigvals": lambda x, a: linalg.eigvals(a),
        "eigvalsh": lambda x, a: linalg.eigvalsh(a),
        "inv": lambda x, a: linalg.inv(a),
        "matrix_power": lambda x, a: linalg.matrix_power(a, 3),
        "matrix_norm": lambda x, a: linalg.matrix_norm(x),
        "matrix_norm nuc": lambda x, a: linalg.matrix_norm(x, ord="nuc"),
        "matrix_rank": lambda x, a: linalg.matrix_rank(x),
        "pinv": lambda x, a: linalg.pinv(x),
        "qr": lambda x, a: tuple(linalg.qr(x)),
        "slogdet": lambda x, a: tuple(linalg.slogdet(a)),
        "solve": lambda x, a: linalg.solve(a, x),
        "svd": lambda x, a: tuple(linalg.svd(x, full_matrices=False)),
        "svdvals": lambda x, a: linalg.svdvals(x),
        "trace": lambda x, a: linalg.trace(x),
        "vector_norm": lambda x, a: linalg.vector_norm(x, axis=-1, ord=3),
    }
    name = m.random.choice(sorted(calls))
    call = calls[name]
    m.step(f"{name} of {{0}} and {{0}} @ {{0}}.mT + 9 I", lambda x: call(x, _regular(x)), twin)


def transform(m: Machine) -> None:
    """Fourier transforms."""
    twin = m.pick("fc", of=lambda t: t.rank > 0 and 0 < t.lazy.size < 300)
    if twin is None:
        return
    axis = m.axis(twin.rank)
    n = m.random.choice([None, 2, 5, 8])
    norm = m.random.choice(["backward", "forward", "ortho"])
    names = ["fft", "ifft", "irfft", "hfft", "fftn", "ifftn", "irfftn"]
    name = m.random.choice(names if twin.kind == "c" else [*names, "rfft", "ihfft", "rfftn"])
    call: Any = getattr(xgpu.fft, name)
    if name.endswith("n"):
        m.step(f"{name}({{}}, norm={norm})", lambda x: call(x, norm=norm), twin)
    else:
        m.step(
            f"{name}({{}}, n={n}, axis={axis}, norm={norm})",
            lambda x: call(x, n=n, axis=axis, norm=norm),
            twin,
        )


def _regular(x: xgpu.Array) -> xgpu.Array:
    size = x.shape[-2]
    adjoint = xgpu.conj(x.mT)
    return x @ adjoint + 9 * xgpu.eye(size, dtype=x.dtype, device=x.device)

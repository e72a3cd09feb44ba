"""einops, by the backend that `xgpu.integrations` gives it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from docs.measurements.ecosystem.row import Row, X

einops: Any = importlib.import_module("einops")


def rows() -> Iterator[Row]:
    """All of them."""

    def row(call: str, run: Any) -> Row:
        return Row("einops", call, run, (X.reshape(3, 20, 5),))

    yield row("rearrange", lambda x: einops.rearrange(x, "a (b c) d -> (a d) c b", b=4))
    yield row("rearrange of a list", lambda x: einops.rearrange([x, x], "k a b c -> a b (k c)"))
    for name in ("sum", "mean", "min", "max", "prod", "any", "all"):
        text = f"reduce, {name}"
        if name in ("any", "all"):
            yield row(text, lambda x, n=name: einops.reduce(x > 0, "a (b c) d -> a c", n, b=4))
        else:
            yield row(text, lambda x, n=name: einops.reduce(x, "a (b c) d -> a c", n, b=4))
    yield row("repeat", lambda x: einops.repeat(x, "a b c -> a (b k) c", k=2))
    yield row("einsum", lambda x: einops.einsum(x, x, "a b c, a d c -> a b d"))
    yield row("pack", lambda x: einops.pack([x, x[:, 0]], "a * c")[0])
    yield row("unpack", lambda x: einops.unpack(x, [[4], [16]], "a * c"))
    yield row("asnumpy", einops.asnumpy)

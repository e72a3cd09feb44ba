"""`Compiled`: the kernels of one file for whatever they are asked for, each compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec

from xgpu_cuda.driver import Driver, Function

P = ParamSpec("P")


class Compiled(Generic[P]):
    """The kernels named ``entries`` of the sources that ``text`` gives for its arguments."""

    def __init__(self, driver: Driver, text: Callable[P, str], *entries: str) -> None:
        self._driver = driver
        self._text = text
        self._entries = entries
        self._made: dict[tuple[Any, ...], dict[str, Function]] = {}

    def __call__(self, device: int, /, *args: P.args, **kwargs: P.kwargs) -> dict[str, Function]:
        """By name, for one device.

        Raises:
            KernelError: the source does not compile.
        """
        key = (device, args, *kwargs.items())
        made = self._made.get(key)
        if made is None:
            text = self._text(*args, **kwargs)
            made = self._made[key] = self._driver.load(device, text, self._entries)
        return made

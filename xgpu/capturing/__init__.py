"""`capture`: the launches of a function, recorded once and then only replayed."""

# Not called ``capture``: the package has a function of that name, which a module would hide.

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from xgpu.capturing.plan import Plan, recorded
from xgpu.runtime import tape as tapes

P = ParamSpec("P")
R = TypeVar("R")


def capture(fn: Callable[P, R], /) -> Captured[P, R]:
    """A function that replays what ``fn`` gives to its device, without running ``fn`` again.

    The first call runs ``fn`` and records its kernels; each later one queues them on the arrays
    that it is given, on CUDA several as one graph. So a call costs the host little, however many
    array operations ``fn`` is made of. Use it as ``step = xgpu.capture(step)`` or as a decorator.

    Results are those of calling ``fn``: fresh arrays, which no later call changes. Arguments that
    ``fn`` writes to are written to, results that are views of an argument are views of it.

    - All calls have arrays of the same shapes, dtypes, layout and device, in the same tuples,
      lists and dicts, and equal other arguments.
    - ``fn`` decides nothing by values: it reads none of what follows from its arrays, and does the
      same each time (the first call runs it two or three times, and compares).
    - Arrays and numbers that ``fn`` takes from elsewhere keep the values of the first call.
    - Its effects are its results and what it writes to its arguments. Other Python code in it,
      such as printing, runs in the first call alone.

    Raises:
        TypeError: ``fn`` is not callable.
    """
    if not callable(fn):
        raise TypeError(f"capture() takes a function: got {type(fn).__name__}")
    return Captured(fn)


class Captured(Generic[P, R]):
    """What `capture` gives: call it as the function that it was made of."""

    __name__: str
    __wrapped__: Callable[P, R]

    def __init__(self, fn: Callable[P, R]) -> None:
        self._name = getattr(fn, "__qualname__", type(fn).__name__)
        self._plan: Plan | None = None
        functools.update_wrapper(self, fn)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Replay; the first call records.

        Raises:
            CaptureError: the function reads values, works on several devices, does something else
                each time, or keeps arrays that it computes.
            ValueError: shapes, dtypes, layouts, devices or other arguments are not those of the
                first call.
            TypeError: no argument of the first call is an array, or one is of another library.
            KernelError: a kernel failed.
        """
        plan = self._plan
        if tapes.active and tapes.current() is not None:
            return self.__wrapped__(*args, **kwargs)
        if plan is None:
            plan = self._plan = recorded(self.__wrapped__, self._name, args, kwargs)
        result: R = plan.quickly(plan.arrays(args, kwargs))
        return result

    def into(self, out: R, *args: P.args, **kwargs: P.kwargs) -> R:
        """Replay, and write the results into the arrays ``out``: one, or nested as the results are.

        It is ``out[...] = captured(...)`` for each, in the memory of ``out`` where nobody else
        has that value and no argument is in it; so a loop needs no memory but its own.

        Raises:
            ValueError: ``out`` has other arrays than the results, or as a call does.
            CaptureError, TypeError, KernelError: as a call does.
        """
        plan = self._plan
        if plan is None:
            plan = self._plan = recorded(self.__wrapped__, self._name, args, kwargs)
        result: R = plan.quickly_into(out, plan.arrays(args, kwargs))
        return result

    @property
    def launches(self) -> int:
        """How many kernels a call queues; 0 before the first."""
        return 0 if self._plan is None else self._plan.replay.launches

    @property
    def graphs(self) -> int:
        """How many of the device's graphs they are in; 0 on a device without."""
        return 0 if self._plan is None else self._plan.replay.graphs

    def __repr__(self) -> str:
        if self._plan is None:
            return f"<captured {self._name}, not called yet>"
        return f"<captured {self._name}: {self.launches} launches, {self.graphs} graphs>"

"""What levels are made of: settings, cells that are planned, and cases that are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

import xgpu
from xgpu.plugin.dtypes import DType
from xgpu_conformance.judge import Check
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import Expectation, Key, Level, make_id
from xgpu_conformance.ulp import Values
from xgpu_conformance.values import generator

LARGE: Final = 200_003
"""Elements of a large array: many blocks of any kernel, and no multiple of a power of two."""

EXAMPLES: Final = 25
"""Random programs for a cell."""


@dataclass(frozen=True)
class Options:
    """What is run, apart from where."""

    seed: int = 0
    large: int = LARGE
    examples: int = EXAMPLES
    screen: bool = False  #: exhaustive: the device itself finds what the reference looks at
    requirements: Requirements = field(default_factory=Requirements)
    expected: tuple[Expectation, ...] = ()


@dataclass(frozen=True)
class Setting:
    """Where and how cases run."""

    device: xgpu.Device
    options: Options = field(default_factory=Options)
    begins: Callable[[str], None] = lambda id: None
    """Told the id of each case before it runs."""
    cell: str = ""
    """The id of the cell that is run."""

    @property
    def reference(self) -> xgpu.Device:
        """The device whose values are right."""
        return xgpu.device("cpu")

    @property
    def subnormals(self) -> bool:
        """Whether the backend keeps subnormal numbers."""
        return self.options.requirements.subnormals

    def note(self, parts: Mapping[str, str]) -> None:
        """Say what runs next, by the parts of its id that come after the cell's."""
        more = make_id(case="program", seed=self.options.seed, **parts)
        self.begins(f"{self.cell}&{more}")

    def random(self, *place: object) -> np.random.Generator:
        """Random numbers for a place, such as a level, a name, a dtype and a case."""
        return generator(self.options.seed, *place)


class Planned(NamedTuple):
    """A cell to be run, and the requirements other than its dtype's that it needs."""

    level: Level
    name: str
    dtype: str
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """(level, name, dtype)."""
        return self.level, self.name, self.dtype


class Case(NamedTuple):
    """One call, or one program: what it gives on the device, beside what is right.

    ``parts`` is what else belongs into its id to do the same again.
    """

    name: str
    run: Callable[[], Sequence[Check]]
    parts: Mapping[str, str] = {}


class UntestedError(Exception):
    """A cell cannot be run here, whatever the backend: the message says what to do."""


class Source(Protocol):
    """A level: the cells that it has, and the cases of each."""

    def planned(self) -> list[Planned]:
        """All cells, for all dtypes."""
        ...

    def unsupported(self, setting: Setting, name: str) -> str:
        """Why the backend does not have ``name``; "" if it has, or only a call will tell."""
        ...

    def cases(self, setting: Setting, name: str, dtype: DType) -> Iterable[Case]:
        """The cases of one cell."""
        ...

    def replayed(self, setting: Setting, parts: Mapping[str, str]) -> Iterable[Case]:
        """The cases that an id names."""
        ...


def host(x: xgpu.Array) -> Values:
    """The values of an array, on the host, as they are now."""
    return np.array(xgpu.to_device(x, "cpu"))


def shown(value: Any) -> str:
    """A number as Python prints it, its dtype aside; bits of floats are kept."""
    item = value.item() if hasattr(value, "item") else value
    return repr(item)

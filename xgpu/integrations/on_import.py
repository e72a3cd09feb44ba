"""`watch`: code that runs when somebody else imports a module, and never imports it itself.

A finder at the front of ``sys.meta_path`` answers for the watched names alone. It asks the finders
after it, as Python would have, and has the loader that they give run the module first and then the
code for it. The loader, and all else that is known of the module, stay its own.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

Coupling = Callable[[Any], None]
"""Called with the module once it has run."""


def watch(couplings: Mapping[str, Coupling]) -> None:
    """Run the coupling of each module: now if it was imported before, else when it is.

    A coupling that fails, as one may with another version of the library, is a RuntimeWarning:
    the library's import goes on without it.
    """
    later = {}
    for name, coupling in couplings.items():
        if name in sys.modules:
            _couple(coupling, sys.modules[name])
        else:
            later[name] = coupling
    if later:
        sys.meta_path.insert(0, _Watcher(later))


class _Watcher:
    """Finds the watched modules by way of the finders after it.

    Of no class in ``importlib.abc``, whose import takes longer than most of xgpu's own.
    """

    def __init__(self, couplings: dict[str, Coupling]) -> None:
        self.couplings: Final = couplings

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        coupling = self.couplings.get(fullname)
        if coupling is None:
            return None
        spec = self._by_others(fullname, path, target)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                del loader.exec_module  # the loader's own is back
                execute(module)
                _couple(coupling, module)

            loader.exec_module = exec_module
        return spec

    def _by_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None:
                spec: ModuleSpec | None = find(name, path, target)
                if spec is not None:
                    return spec
        return None


def _couple(coupling: Coupling, module: ModuleType) -> None:
    try:
        coupling(module)
    except Exception as error:
        warnings.warn(
            f"{module.__name__} does not know xgpu's arrays: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )

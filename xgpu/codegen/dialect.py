"""`Dialect`: what the generated text must know of one target's language.

A table, no code: names of types and functions, which header defines which op (only what a
program uses is included, because including costs compile time), and the file of each kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xgpu.plugin.dtypes import DType, kind_of
from xgpu.plugin.program import Program


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words of one C-family target."""

    name: str
    types: Mapping[DType, str]
    base: tuple[str, ...]  #: headers that every program needs
    headers: Mapping[str, str]  #: the header of each elementwise op and reduction
    complex_headers: Mapping[str, str]  #: the further one for its complex operands
    kernels: Mapping[str, str]  #: file of the kernels: "elementwise", "reduction", "rows"
    namespace: str = "xgpu::"  #: written before every function
    type_headers: Mapping[DType, str] = field(default_factory=dict)  #: of a type that has one
    functions: Mapping[str, str] = field(default_factory=dict)  #: where not the op's own name
    #: What to call for several points at once, for the ops of `tuning.SEVERAL`; all or none.
    several: Mapping[str, str] = field(default_factory=dict)
    several_header: str = ""  #: the header of those functions
    method: str = "static __device__ __forceinline__"  #: what a generated function starts with

    def type_of(self, dtype: DType) -> str:
        """The target's name of ``dtype``.

        Raises:
            KeyError: the target has no such type.
        """
        return self.types[dtype]

    def function(self, op: str, dtype: DType) -> str:
        """What to call for ``op`` with a result of ``dtype``."""
        name = self.namespace + self.functions.get(op, op)
        return f"{name}<{self.types[dtype]}>" if op == "cast" else name

    def includes(self, program: Program) -> dict[str, None]:
        """The headers that ``program`` needs, each once, in the order of their use."""
        found = dict.fromkeys(self.base)
        for dtype in (*(i.dtype for i in program.inputs), *(step.dtype for step in program.body)):
            if dtype in self.type_headers:
                found[self.type_headers[dtype]] = None
        for op, dtype, args in program.body:
            if op not in self.headers:
                continue
            found[self.headers[op]] = None
            dtypes = (dtype, *(program.body[arg].dtype for arg in args))
            if op in self.complex_headers and any(kind_of(d) == "c" for d in dtypes):
                found[self.complex_headers[op]] = None
        return found

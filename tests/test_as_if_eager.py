"""As if eager: random programs give what NumPy gives, recorded or run call by call."""

from __future__ import annotations

import pytest
import xgpu
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from tests.programs import Machine

PROGRAMS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@given(seeds=PROGRAMS)
@settings(max_examples=400, phases=PHASES)
def test_random_programs_give_numpys_values(eager: bool, seeds: list[int]) -> None:
    with xgpu.eager(eager):
        Machine("cpu", note).run(seeds)

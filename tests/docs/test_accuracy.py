"""The page on accuracy is what its script writes from the measurements, within what it promises."""

from __future__ import annotations

from docs.measurements.accuracy import HERE, PAGE, tasks
from docs.measurements.accuracy_page import load, render
from tests.values.expected import bound


def test_the_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(HERE)


def test_every_function_and_dtype_is_measured_within_the_bound() -> None:
    records = load(HERE)
    assert [r["device"] for r in records][:2] == ["cpu", "cudasim:0"]
    for record in records:
        measured = record["functions"]
        for name, dtype in tasks():
            row = measured[name][str(dtype)]
            assert row["ulp"] <= bound(name, dtype), (record["device"], name, dtype, row)

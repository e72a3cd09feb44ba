"""A pytest plugin for the official suite: test_can_cast with its one lookup put right.

    PYTHONPATH=docs/measurements pytest -p official_can_cast \
        array_api_tests/test_data_type_functions.py -k test_can_cast

The suite looks a pair of dtypes up in its promotion table and compares what it finds with the
target. For a pair that the table does not have this is None, and ``None == numpy.dtype("float64")``
is True. Here the table gives a plain object instead, which equals no dtype.
"""

from __future__ import annotations

import pytest


class _Table(dict[object, object]):
    """A promotion table in which a missing pair is found to be nothing."""

    def get(self, key: object, default: object = None) -> object:
        return super().get(key, object())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The suite's helpers are imported by now."""
    for item in items:
        helpers = getattr(item.getparent(pytest.Module), "obj").dh  # noqa: B009
        if not isinstance(helpers.promotion_table, _Table):
            helpers.promotion_table = _Table(helpers.promotion_table)

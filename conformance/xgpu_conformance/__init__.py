"""The suite that the author of a backend runs: each op and function, value by value."""

from xgpu_conformance.pytest_suite import suite
from xgpu_conformance.requirements import Requirements
from xgpu_conformance.schema import Cell, Expectation, Failure, Report, Worst

__all__ = ["Cell", "Expectation", "Failure", "Report", "Requirements", "Worst", "suite"]

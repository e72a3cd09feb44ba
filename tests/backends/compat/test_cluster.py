"""dask:0 on two processes: the documentation's program, in chunks."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install 'xgpu-array[dask]'")
pytest.importorskip("sklearn", reason="pip install scikit-learn")
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def test_the_digits_on_a_cluster_of_two_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = "KMEANS_STEPS, PCA_STEPS, TRAINING_STEPS = "
    text = (EXAMPLES / "digits.py").read_text()
    shorter, count = re.subn(rf"{steps}(\d+), .*", rf"{steps}\1, 1, 1, 6", text)
    assert count == 1
    for name, content in (
        ("digits.py", shorter),
        ("cluster.py", (EXAMPLES / "cluster.py").read_text()),
    ):
        (tmp_path / name).write_text(content)
    runpy.run_path(str(tmp_path / "digits.py"), run_name="__main__")
    right = capsys.readouterr().out.strip()
    assert right.endswith(" on cpu")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(tmp_path / "cluster.py")],
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    assert right.replace("cpu", "dask:0") in done.stdout
    assert "computed by 2 processes" in done.stdout

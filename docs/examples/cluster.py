"""The digits on a cluster of two processes of this machine: ``python docs/examples/cluster.py``."""

import runpy
from pathlib import Path
from typing import Any

import dask
import distributed

import xgpu

parts: Any = distributed  # which has no types


def main() -> None:
    """Start the cluster, make `dask:0` the default device, run the program."""
    with (
        parts.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        parts.Client(cluster) as client,
        dask.config.set({"array.chunk-size": "256KiB"}),
        xgpu.default_device("dask:0"),
    ):
        runpy.run_path(str(Path(__file__).with_name("digits.py")), run_name="__main__")
        counts = client.run(lambda dask_worker: dask_worker.state.transition_counter)
        print(f"computed by {sum(count > 0 for count in counts.values())} processes")


if __name__ == "__main__":
    main()

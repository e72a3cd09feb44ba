"""``python -m xgpu.cli``: the command without its script."""

from xgpu.cli.main import main

main(prog_name="xgpu")

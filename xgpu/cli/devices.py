"""`xgpu devices`: the backends that are installed, and their devices."""

from __future__ import annotations

import click
from rich.console import Console
from rich.text import Text

import xgpu
from xgpu.cli.choose import look
from xgpu.cli.installed import versions


@click.command()
@click.argument("types", nargs=-1, metavar="[TYPE]...")
@click.option("--all", "every", is_flag=True, help="Import every library, and list its devices.")
def devices(types: tuple[str, ...], every: bool) -> None:
    """List every installed backend, or these: its devices, or why it has none here.

    To list a backend's devices is to import its library. Of a large one, such as torch, that alone
    takes seconds: without a TYPE only its version is told, and a TYPE imports it.
    """
    entries = xgpu.backends()
    unknown = set(types) - {entry.type for entry in entries}
    if unknown:
        known = ", ".join(entry.type for entry in entries)
        raise click.UsageError(f"no backend {', '.join(sorted(unknown))}; installed: {known}")
    console = Console(soft_wrap=True)
    default = _default()
    for entry in entries:
        if types and entry.type not in types:
            continue
        origin = ", ".join(part for part in (entry.source, entry.distribution) if part)
        needs = {} if types or every else versions(entry)
        if needs and (default is None or default.type != entry.type):
            console.print(Text.assemble((entry.type, "bold"), f"  installed  ({origin})"))
            libraries = ", ".join(f"{name} {version}" for name, version in needs.items())
            console.print(Text(f"    {libraries}; its devices: xgpu devices {entry.type}"))
            continue
        found, reason = look(entry.type)
        if found:
            console.print(Text.assemble((entry.type, "bold green"), f"  loaded  ({origin})"))
        else:
            state = Text.assemble((entry.type, "bold red"), f"  not available  ({origin})")
            console.print(state)
            console.print(Text(f"    {reason or 'the backend has no device'}"))
        for device in found:
            console.print(
                Text(f"    {describe(device)}{'  [default]' if device == default else ''}")
            )


def describe(device: xgpu.Device) -> str:
    """A device's name and what its backend tells of it, on one line."""
    info = xgpu.device_info(device)
    memory = f"{info.memory / 2**30:.1f} GiB" if info.memory else ""
    return f"{device}  " + ", ".join(part for part in (info.name, memory, info.details) if part)


def _default() -> xgpu.Device | None:
    try:
        return xgpu.get_default_device()
    except (ValueError, xgpu.PluginError, xgpu.BackendUnavailableError) as error:
        click.echo(f"the default device cannot be used: {error}", err=True)
        return None

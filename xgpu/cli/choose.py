"""The devices that a command line names, and those that are there."""

from __future__ import annotations

import click

import xgpu


def chosen(name: str) -> xgpu.Device:
    """The device called ``name``.

    Raises:
        click.UsageError: there is none; one message, exit code 2.
    """
    try:
        return xgpu.device(name)
    except (TypeError, ValueError, xgpu.PluginError, xgpu.BackendUnavailableError) as error:
        raise click.UsageError(str(error)) from error


def look(type: str) -> tuple[list[xgpu.Device], str]:
    """The devices of one type, or none and the reason.

    Whatever a plugin raises is the reason: one broken plugin must not hide the others.
    """
    try:
        return xgpu.devices(type), ""
    except (xgpu.PluginError, xgpu.BackendUnavailableError) as error:
        return [], str(error)
    except Exception as error:
        return [], f"{error.__class__.__name__}: {error}"

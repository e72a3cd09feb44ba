"""The package's templates, filled in by Jinja."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


class MissingExtraError(ImportError):
    """A command needs a distribution that is not installed."""


def environment(package: str, **options: Any) -> Environment:
    """Templates of the folder ``templates`` of a package; a name that is not given is an error.

    Raises:
        MissingExtraError: Jinja is not installed.
    """
    try:
        # Here, so that the commands that write no page do without it.
        from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
    except ImportError as error:
        raise MissingExtraError(
            "this command fills in templates with Jinja, which is not installed: "
            "pip install 'xgpu-array[conformance]'"
        ) from error
    return Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html.j2", "svg.j2")),
        keep_trailing_newline=True,
        **options,
    )


def project_environment(package: str) -> Environment:
    """`environment` for texts in which braces and brackets are frequent: ``«name»``."""
    return environment(
        package,
        variable_start_string="«",
        variable_end_string="»",
        block_start_string="«%",
        block_end_string="%»",
        comment_start_string="«#",
        comment_end_string="#»",
    )


def fill(package: str, template: str, **given: Any) -> str:
    """One template, filled in."""
    return environment(package).get_template(template).render(**given)


def text(package: str, name: str) -> str:
    """A file of the folder ``templates`` of a package as it is."""
    return (files(package) / "templates" / name).read_text(encoding="utf-8")

"""Pages as templates: HTML, CSS and JavaScript are files of their own, and what is put into them is escaped."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_template(file: str, /, **values: object) -> str:
    """A file of `templates/` filled in; whatever stands in `values` is text, and never markup."""
    return _environment().get_template(file).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("muybridge.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = environment.filters
    filters["base64"] = _encode_base64

    return environment


def _encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

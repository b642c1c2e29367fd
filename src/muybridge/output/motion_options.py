"""How a picture follows motion, for methods that have several ways."""

from __future__ import annotations

from typing import Any

from muybridge.errors import Option, Sentence, UsageError
from muybridge.jobs.loading import Fitted
from muybridge.method import FolderMethod
from muybridge.output.options import PictureOptions


def check_mode(fitted: Fitted, mode: str | None) -> dict[str, str]:
    """The option for `animate`, empty where nothing was asked; UsageError names the modes that there are."""
    if mode is None:
        return {}
    modes = fitted.method.modes if isinstance(fitted.method, FolderMethod) else ()
    if mode not in modes:
        there = f"it has {', '.join(modes)}" if modes else "it has one way only"
        raise UsageError(f"{fitted.method.card.name} has no mode {mode!r}: {there}")
    return {"mode": mode}


def check_relative(fitted: Fitted, mode: str | None, option: Option) -> None:
    """UsageError where motion is not relative, neither as asked nor by the method's own default, and the option is for
    relative motion alone."""
    meant = mode or (fitted.method.default_mode if isinstance(fitted.method, FolderMethod) else "relative")
    if meant != "relative":
        raise UsageError(
            Sentence(option, f" is for relative motion, and not for {meant}"),
            Sentence("Leave it out, or ask for ", Option("mode", "relative"), "."),
        )


def transfer_options(fitted: Fitted, options: PictureOptions) -> dict[str, Any]:
    """How motion is carried over, as `animate` and `stream` take it; None leaves one to the method.

    Raises UsageError where the method has no such mode or option, or the mode has no use for it.
    """
    transfer: dict[str, Any] = dict(check_mode(fitted, options.mode))
    there = fitted.method.motion_options if isinstance(fitted.method, FolderMethod) else {}

    for name in ("scale", "adapt_covariances"):
        value = vars(options)[name]
        # Left out: the method decides, and need not even know the option.
        if value is None:
            continue
        if name not in there:
            name_of_method = fitted.method.card.name
            raise UsageError(
                Sentence(f"{name_of_method} has no choice there: ", Option(name, value), " is for other methods")
            )
        check_relative(fitted, options.mode, Option(name, value))
        transfer[name] = value

    return transfer

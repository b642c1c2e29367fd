"""muybridge doctor"""

from __future__ import annotations

from muybridge.cli.console import print_table


def doctor() -> None:
    """Show what this machine has: device, threads, codecs, extras, weights, free disk."""
    import muybridge

    for section, rows in muybridge.doctor().items():
        print_table(section, rows)

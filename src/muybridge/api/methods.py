"""Which methods there are, with their cards."""

from __future__ import annotations

from muybridge import catalogue
from muybridge.method import Card


def methods() -> list[Card]:
    """The card of every method that can be used here."""
    return [catalogue.find(name).card for name in catalogue.names()]

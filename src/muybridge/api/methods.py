"""Which methods there are, with their cards."""

from __future__ import annotations

from muybridge import catalogue
from muybridge.settings import Card


def methods() -> list[Card]:
    """The card of every method that can be used here."""
    cards = []
    for name in catalogue.names():
        cards.append(catalogue.find_card(name))

    return cards

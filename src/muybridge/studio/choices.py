"""A method's presets in a person's order, with what each takes on this machine, and whether it can be done here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muybridge import catalogue
from muybridge.engine import resolve_device
from muybridge.errors import MissingWeightsError, UsageError
from muybridge.method import Card
from muybridge.studio.paces import Paces

CHOICES = {"quick": "smoke", "good": "draft", "best": "standard"}
"""What a person wants, and the preset that gives it where a method has one of that name; others are for researchers."""


class Choices:
    """What the presets cost here; measured once and kept in `paces`."""

    def __init__(self, paces: Paces, device: str) -> None:
        self.paces = paces
        self.device = resolve_device(device, "float32").device.type

    def describe(self, card: Card) -> dict[str, Any]:
        """`presets`, each with help, `seconds` and `memory` as far as known, and `refused`; `choices` among them."""
        presets = {}
        for name in card.presets:
            presets[name] = {
                "help": card.preset_help.get(name, ""),
                "seconds": self.paces.expect(self._kind(card.name, name), 1),
                "memory": self.paces.expect(f"{self._kind(card.name, name)} memory", 1),
                "refused": self._refuse(card, name),
            }

        choices = {}
        for choice, name in CHOICES.items():
            if name in presets:
                choices[choice] = name
        return {"presets": presets, "choices": choices}

    def check(self, card: Card, request: Mapping[str, Any]) -> None:
        """UsageError for a preset that cannot be done here; who changes its settings knows what they do."""
        preset = request["preset"] or next(iter(card.presets))
        refused = self._refuse(card, preset)
        if refused is not None and not request["set"]:
            raise UsageError(f"{preset} cannot be done here: {refused}", "Choose another preset.")

    def note(self, request: Mapping[str, Any], cost: Mapping[str, Any]) -> None:
        """Keep what was measured of a preset as it stands."""
        if request["set"]:
            return
        kind = self._kind(request["method"], request["preset"])
        self.paces.note(kind, 1, cost["seconds"])
        self.paces.note(f"{kind} memory", 1, cost["memory"])

    def is_known(self, request: Mapping[str, Any]) -> bool:
        """Whether it was measured here before."""
        return self.paces.expect(self._kind(request["method"], request["preset"]), 1) is not None

    def _kind(self, method: str, preset: str | None) -> str:
        return f"{method} {preset} on {self.device}"

    def _refuse(self, card: Card, preset: str) -> str | None:
        if self.device == "cpu" and preset in card.for_gpu:
            return "it needs a GPU; on a processor it would take days"
        try:
            catalogue.find(card.name).require_weights(card.presets[preset])
        except MissingWeightsError as e:
            return f"{e.message}. {e.hint}" if e.hint else e.message
        return None

"""muybridge methods"""

from __future__ import annotations

from muybridge.cli.console import print_table


def methods() -> None:
    """List the methods with their presets."""
    # Not by way of the API, which imports torch.
    from muybridge import catalogue

    for method in catalogue.names():
        card = catalogue.find_card(method)
        about = {"what": card.title, "paper": card.paper, "needs": card.needs, "gives": card.gives}
        about["can"] = ", ".join(card.abilities)
        presets = {}
        for name in card.presets:
            presets[f"--preset {name}"] = card.preset_help.get(name, "")

        print_table(card.name, about | presets)

"""Which methods there are: data, loaded on use. Others come by the entry point group `muybridge.methods`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from muybridge.errors import Sentence, UsageError, Verb
from muybridge.settings import Card

if TYPE_CHECKING:
    from muybridge.method import Ability, Method

METHODS: Mapping[str, str] = {
    "jokr": "muybridge.methods.jokr.method:Jokr",
    "cyclegan": "muybridge.methods.cyclegan.method:CycleGan",
    "recyclegan": "muybridge.methods.recyclegan.method:RecycleGan",
    "monkeynet": "muybridge.methods.monkeynet.method:MonkeyNet",
    "fomm": "muybridge.methods.fomm.method:Fomm",
    "articulated": "muybridge.methods.articulated.method:Articulated",
    "x2face": "muybridge.methods.x2face.method:X2Face",
    "tsnet": "muybridge.methods.tsnet.method:Tsnet",
    "edn": "muybridge.methods.edn.method:Edn",
}


def names() -> list[str]:
    """Every method that can be used here."""
    return [*METHODS, *sorted(e.name for e in entry_points(group="muybridge.methods") if e.name not in METHODS)]


def find_card(name: str) -> Card:
    """The card of a method, without the seconds that importing torch takes; UsageError names those that there are."""
    if name not in METHODS:
        return find(name).card
    card = import_module(METHODS[name].rpartition(".")[0] + ".presets").CARD
    assert isinstance(card, Card)
    return card


def names_with(ability: type[Ability]) -> list[str]:
    """The methods that have an ability."""
    found = []
    for name in names():
        if issubclass(find(name), ability):
            found.append(name)

    return found


def find(name: str) -> type[Method[Any, Any]]:
    """The class of a method; UsageError names those that there are."""
    # Only here, so that whoever asks for cards imports no torch.
    from muybridge.engine.interrupts import Interrupts
    from muybridge.method import Method

    # An import that Ctrl-C breaks off can end in an error of somebody else's; so it is granted afterwards.
    with Interrupts() as interrupts:
        found = _load(name)
    if interrupts.requested:
        raise KeyboardInterrupt
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise UsageError(f"the entry point {name!r} does not name a Method", "Ask whoever made that package.")
    return found


def _load(name: str) -> Any:
    if name in METHODS:
        module, attribute = METHODS[name].split(":")
        return getattr(import_module(module), attribute)
    others = []
    for e in entry_points(group="muybridge.methods"):
        if e.name == name:
            others.append(e)

    if not others:
        raise UsageError(
            f"there is no method {name!r}: there are {', '.join(names())}", Sentence("See: ", Verb("methods"))
        )
    return others[0].load()

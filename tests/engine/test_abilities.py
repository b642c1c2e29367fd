"""A method's class is held against its card when it is made."""

from dataclasses import replace
from typing import Any

import pytest
from toy_method import Toy

from muybridge import catalogue
from muybridge.errors import UsageError
from muybridge.jobs.loading import require_ability
from muybridge.method import ABILITIES, Animation, FolderMethod, PairMethod, PredictsVideos, ReconstructsClips
from muybridge.methods.fomm.method import Fomm
from muybridge.video import Clip


def carded(**changes: Any) -> Any:
    """The toy's card, changed."""
    return replace(Toy.card, **changes)


def again(self: Any, clip: Clip, batch: int = 8) -> Animation:
    """The clip as it is."""
    return Animation(iter(clip.pixels), clip.timing, (clip.height, clip.width))


def test_an_ability_on_the_card_is_inherited() -> None:
    with pytest.raises(TypeError, match="lists the ability 'reconstruct', but the class does not inherit Reconstructs"):
        type("Lacking", (Toy,), {"card": carded(abilities=("reconstruct",))})


def test_an_ability_that_is_inherited_is_on_the_card() -> None:
    with pytest.raises(TypeError, match="inherits ReconstructsClips, but its card does not list the ability"):
        type("Silent", (Toy, ReconstructsClips), {"card": carded(), "reconstruct": again})


def test_an_inherited_ability_is_there() -> None:
    with pytest.raises(TypeError, match="lists the ability 'reconstruct', but has no reconstruct of its own"):
        type("Empty", (Toy, ReconstructsClips), {"card": carded(abilities=("reconstruct",))})


def test_a_member_of_an_ability_is_not_there_by_itself() -> None:
    with pytest.raises(TypeError, match="has reconstruct, which belongs to the ability 'reconstruct'"):
        type("Hidden", (Toy,), {"card": carded(), "reconstruct": again})


def test_an_unknown_ability_is_told_which_there_are() -> None:
    with pytest.raises(TypeError, match=r"'fly', which is no ability: edit, edit-results, live"):
        type("Flying", (Toy,), {"card": carded(abilities=("fly",))})


def test_a_class_that_is_whole_is_made() -> None:
    whole = type("Whole", (Toy, ReconstructsClips), {"card": carded(abilities=("reconstruct",)), "reconstruct": again})
    assert issubclass(whole, ReconstructsClips)


def test_what_the_card_needs_is_what_the_class_is_built_for() -> None:
    with pytest.raises(TypeError, match="its card needs a pair, but the class does not inherit PairMethod"):
        type("Astray", (Toy,), {"card": carded(needs="pair")})
    assert issubclass(Toy, FolderMethod)
    assert not issubclass(Toy, PairMethod)


def test_a_refusal_names_those_that_can() -> None:
    card = Fomm.card
    unbuilt = Fomm.__new__(Fomm)
    with pytest.raises(UsageError) as refused:
        require_ability(unbuilt, PredictsVideos)
    assert refused.value.message == f"{card.name} has no image to video"
    assert str(refused.value.hint) == "These can: monkeynet. See: muybridge.api.methods()"


def test_every_ability_has_its_words_and_a_method_that_has_it() -> None:
    for ability in ABILITIES:
        assert all((ability.name, ability.what, ability.lack, ability.__doc__))
        assert catalogue.names_with(ability), ability.name
    assert len({ability.name for ability in ABILITIES}) == len(ABILITIES)

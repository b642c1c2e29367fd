"""What a person reads on the page: its own controls, and no code."""

import pytest

from muybridge.errors import (
    CHOOSE_ANOTHER,
    REPLACE_OR_CHOOSE,
    REPLACE_OR_RESUME,
    Option,
    OutputExistsError,
    Sentence,
    Verb,
)
from muybridge.studio.messages import describe_failure, word_hint
from muybridge.studio.wording import word_for_page, write_option, write_verb


@pytest.mark.parametrize(
    ("hint", "read"),
    [
        (CHOOSE_ANOTHER, "Choose another name."),
        (REPLACE_OR_CHOOSE, "Replace it with “Begin learning”, or choose another name."),
        (
            REPLACE_OR_RESUME,
            "Replace it with “Begin learning”, go on with “Resume”, or choose another name.",
        ),
        ("Wait a moment.", "Wait a moment."),
        (Sentence("In it: ", Sentence("leave ", Option("flip"), " out")), "In it: leave “Mirror” out"),
    ],
)
def test_hints_name_the_controls(hint: str, read: str) -> None:
    assert word_for_page(hint) == read
    assert word_hint(hint) == read


@pytest.mark.parametrize(
    ("option", "read"),
    [
        (Option("keep_background", True), "keep background"),
        (Option("keep_background", False), "no keep background"),
        (Option("precision", "float32"), "precision float32"),
        (Option("set", {"avd.steps": 400, "size": 64}), "setting avd.steps 400 and size 64"),
        (Option("boxes", ("X", "Y", "W", "H"), "a"), "box of A X, Y, W, H"),
    ],
)
def test_other_options_are_plain_words(option: Option, read: str) -> None:
    assert write_option(option) == read


def test_verbs_are_places_of_the_page_or_the_command() -> None:
    assert write_verb(Verb("mask", "fox.mp4", Option("out", "DIR"))) == "“Check the silhouettes”"
    assert write_verb(Verb("fit", "tsnet")) == "muybridge fit tsnet"
    assert write_verb(Verb("fetch", "fomm", Option("brought", "fomm.pth"))) == "muybridge fetch fomm with file fomm.pth"


def test_a_failure_is_told_in_words() -> None:
    message = Sentence("the run has another ", Option("max_frames"))
    told = describe_failure(OutputExistsError(message, REPLACE_OR_CHOOSE))
    assert told["message"] == "the run has another number of frames"
    assert "=" not in told["hint"]
    assert "--" not in told["hint"]

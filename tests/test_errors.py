"""Sentences that each front end words in its own way."""

import pickle

import pytest

from muybridge.cli.wording import word_for_command
from muybridge.errors import REPLACE_OR_RESUME, Option, OutputExistsError, Sentence, Verb


@pytest.mark.parametrize(
    ("part", "python", "command"),
    [
        (Option("out"), "out", "--out"),
        (Option("force", True), "force=True", "--force"),
        (Option("affine", False), "affine=False", "--no-affine"),
        (Option("max_frames", 20), "max_frames=20", "--max-frames 20"),
        (Option("precision", "float32"), 'precision="float32"', "--precision float32"),
        (Option("set", {"avd.steps": 400}), 'set={"avd.steps": 400}', "--set avd.steps=400"),
        (Option("box", ("x0", "y0", "x1", "y1")), "box=(x0, y0, x1, y1)", "--box x0,y0,x1,y1"),
        (Option("masks", side="a"), "masks of a", "--masks-a"),
        (Option("boxes", side="b"), "boxes of b", "--box-b"),
        (Option("truth", "FOLDER", "a"), 'truth={"a": "FOLDER"}', "--truth-a FOLDER"),
        (Option("smoothing", 3), "smoothing=3", "--smooth 3"),
        (Verb("methods"), "muybridge.api.methods()", "muybridge methods"),
        (Verb("puppets"), "muybridge.api.puppets()", "muybridge puppets --list"),
        (
            Verb("mask", "my fox.mp4", Option("out", "DIR")),
            'muybridge.mask("my fox.mp4", out="DIR")',
            "muybridge mask 'my fox.mp4' --out DIR",
        ),
    ],
    ids=str,
)
def test_what_a_sentence_names_is_worded_by_who_says_it(part: Option | Verb, python: str, command: str) -> None:
    said = Sentence("Try ", part, ".")
    assert said == f"Try {python}."
    assert word_for_command(said) == f"Try {command}."


def test_sentences_stand_in_sentences_and_travel() -> None:
    outer = Sentence("First. ", REPLACE_OR_RESUME)
    assert word_for_command(outer) == "First. Replace it with --force, go on with --resume, or choose another --out."
    assert word_for_command(pickle.loads(pickle.dumps(outer))) == word_for_command(outer)
    assert word_for_command("as it is") == "as it is"


def test_an_error_reads_as_python() -> None:
    error = OutputExistsError("cat-fox exists already", REPLACE_OR_RESUME)
    assert str(error).splitlines() == [
        "cat-fox exists already",
        "Replace it with force=True, go on with resume=True, or choose another out.",
    ]

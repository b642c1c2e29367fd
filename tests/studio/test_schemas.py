"""Bodies of requests: what the command refuses, the page refuses in the same words."""

from typing import Any

import pytest

from muybridge.errors import UsageError
from muybridge.output.options import ResultOptions
from muybridge.studio import schemas

NUMBER = "0123456789ab"


@pytest.mark.parametrize(
    "look",
    [
        {"suffix": "mp4", "background": "transparent"},
        {"suffix": "gif", "background": "mauvish"},
    ],
)
def test_a_result_that_cannot_be_is_refused_as_the_command_does(look: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as asked:
        schemas.Render(side="a", **look)
    with pytest.raises(UsageError) as typed:
        ResultOptions(background=look["background"], formats=[look["suffix"]])
    assert (asked.value.message, asked.value.hint) == (typed.value.message, typed.value.hint)


def test_what_can_be_is_taken() -> None:
    for suffix in ("webm", "zip"):
        assert schemas.Render(side="b", suffix=suffix, background="transparent").background == "transparent"
    schemas.Find(box=(1, 2, 30, 40), how="colour")
    schemas.Training(clips=(NUMBER, NUMBER), set={"shape.steps": 2}, flip="a")
    schemas.Move(model=NUMBER, picture=NUMBER, driving=NUMBER, mode="relative")


def test_every_body_that_a_verb_answers_names_its_options() -> None:
    for body in (schemas.Find, schemas.Training, schemas.Render, schemas.Move):
        assert body.verb_options is not None
        shared = set(body.model_fields) & set(body.verb_options.__dataclass_fields__)
        assert shared, body.__name__

"""Scripts that still use an old name of a keyword are told, and understood."""

import inspect
from typing import Any

import pytest

import muybridge
from muybridge import api


@pytest.mark.parametrize("verb", ["bench", "demo", "fit", "retarget"])
def test_a_listener_is_a_callback_now(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(api, verb, lambda **keywords: given.update(keywords))

    with pytest.warns(DeprecationWarning, match=r"callback=\.\.\."):
        getattr(muybridge, verb)(listener="who watches", seed=1)

    assert given == {"callback": "who watches", "seed": 1}


@pytest.mark.parametrize("verb", ["bench", "demo", "evaluate", "fit", "reconstruct", "retarget"])
def test_to_say_is_to_notify_now(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(api, verb, lambda **keywords: given.update(keywords))

    with pytest.warns(DeprecationWarning, match=r"notify=\.\.\."):
        getattr(muybridge, verb)(say=print)

    assert given == {"notify": print}


def test_the_new_name_is_the_one_that_editors_show() -> None:
    names = inspect.signature(muybridge.fit).parameters
    assert "callback" in names
    assert "listener" not in names

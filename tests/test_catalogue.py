"""A method is found by its name, and Ctrl-C while it is imported is Ctrl-C and nothing else."""

import os
import signal
from types import ModuleType, SimpleNamespace

import pytest

from muybridge import catalogue
from muybridge.errors import UsageError
from muybridge.methods.jokr.method import Jokr


def test_it_is_found_by_its_name() -> None:
    assert catalogue.find("jokr") is Jokr
    with pytest.raises(UsageError, match="no method 'joker'"):
        catalogue.find("joker")


@pytest.mark.parametrize("name", catalogue.METHODS)
def test_a_card_is_that_of_the_class(name: str) -> None:
    assert catalogue.find_card(name) is catalogue.find(name).card


def test_the_card_of_somebody_elses_method_is_asked_of_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = SimpleNamespace(name="theirs", load=lambda: Jokr)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [entry])
    assert catalogue.find_card("theirs") is Jokr.card
    with pytest.raises(UsageError, match="no method 'joker'"):
        catalogue.find_card("joker")


def test_ctrl_c_waits_for_an_import_that_would_make_another_error_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[str] = []

    def slowly(name: str) -> ModuleType:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            whole.append(name)
        except KeyboardInterrupt as e:
            raise RuntimeError("half a module") from e
        return SimpleNamespace(Jokr=Jokr)  # type: ignore[return-value]

    monkeypatch.setattr(catalogue, "import_module", slowly)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        catalogue.find("jokr")
    assert whole == ["muybridge.methods.jokr.method"]
    assert signal.getsignal(signal.SIGINT) is before

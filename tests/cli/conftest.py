"""A tiny pair of videos with awkward names, and one finished job on them."""

import wave
from pathlib import Path

import pytest
from tiny_jobs import FRAMES, TINY, UNEVEN, Command, Ended, Pair

from muybridge.cli import main
from muybridge.puppets import scene
from muybridge.video import write


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(a) for a in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("vidéos 'of' \"two\" [animals] 猫")
    drawn = scene("gif", FRAMES, 64)
    sound = folder / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x10\x20" * 16000)
    a = write(folder / "élan & co.mp4", drawn.a.pixels, drawn.a.timing)
    b = write(folder / "b [2].mp4", drawn.b.pixels, UNEVEN, audio=sound)
    return Pair(a, b, (drawn.a, drawn.b))


@pytest.fixture(scope="session")
def job(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one finished `retarget`."""
    out = tmp_path_factory.mktemp("jobs") / "job"
    code = main(["retarget", str(pair.a), str(pair.b), "--out", str(out), "--formats", "mp4,gif", *TINY])
    assert code == 0
    return out

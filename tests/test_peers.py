"""benchmarks/peers.py, as far as no released program is needed."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peers

    return peers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "name the folder of one released program"),
        (["--fomm", "FOLDER"], "it has no animate.py, modules/dense_motion.py"),
        (["--tsnet", "FOLDER"], "not the released program of tsnet: it has no model/TSNet_pose.py"),
        (["--fomm", "FOLDER", "--frames", "24", "4"], "frames are 8 or more"),
        (["--fomm", "FOLDER", "--rounds", "0"], "rounds, threads and batch 1 or more"),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_anything_starts(
    peers: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    (tmp_path / "demo.py").write_text("")
    with pytest.raises(SystemExit):
        peers.read_arguments([str(tmp_path) if word == "FOLDER" else word for word in given])
    assert said in capsys.readouterr().err


def test_a_script_without_the_loop_is_no_released_program(peers: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "demo.py").write_text("import reader_of_videos\n\n\ndef double(x):\n    return 2 * x\n")
    taken = peers.peers_released.take_functions(tmp_path, {"demo.py": "double"})
    assert taken["double"](3) == 6, "without what the script imports"
    with pytest.raises(LookupError, match="no function make_animation"):
        peers.peers_released.take_functions(tmp_path, {"demo.py": "make_animation"})


def test_the_worst_frame_counts(peers: ModuleType, tmp_path: Path) -> None:
    theirs = np.full((3, 4, 4, 3), 0.2, np.float32)
    ours = np.full((3, 4, 4, 3), 51, np.uint8)
    ours[1] += 51  # 0.2 away, 13.98 dB
    np.save(tmp_path / "theirs.npy", theirs)
    np.save(tmp_path / "ours.npy", ours)
    assert peers.worst_noise(tmp_path / "theirs.npy", tmp_path / "ours.npy") == pytest.approx(13.98, abs=0.01)
    np.save(tmp_path / "ours.npy", ours[:2])
    with pytest.raises(ValueError, match="not the same frames"):
        peers.worst_noise(tmp_path / "theirs.npy", tmp_path / "ours.npy")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_process_alone_does_not_count_its_parents_memory(peers: ModuleType) -> None:
    large = np.ones(600 * 2**17)  # 600 MB, all of them touched
    assert peers.peers_released.most_memory() > 600
    assert peers.alone(peers.peers_released.most_memory) < 600
    assert len(large)

"""Wrong use and bad input: one sentence, what to type next, the right exit code, and nothing half-written."""

import os
import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_jobs import FRAMES, TINY, Command, Ended, Pair

from muybridge import catalogue
from muybridge.cli import main
from muybridge.jobs.settings import make_config
from muybridge.video import Timing, write


def refused(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended.err
    assert ended.err.count("error:") == 1
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err, ended.err


@pytest.mark.parametrize(
    "line",
    [
        ["retarget"],
        ["retarget", "a.mp4"],
        ["edit", "run"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--colour", "red"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--seed", "many"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--preset", "huge"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--set", "shape.stepz=1"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--set", "shape.steps=-1"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--set", "shape.steps"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--flip", "C"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--formats", "exe"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--formats", "mp4", "--background", "transparent"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--background", "plaid"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--box-a", "1,2,3"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--device", "toaster"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--precision", "int3"],
        ["retarget", "a.mp4", "b.mp4", "--out", "x", "--force", "--resume"],
        ["fit", "dance", "a.mp4", "b.mp4", "--out", "x"],
        ["fit", "jokr", "a.mp4", "--out", "x"],
        ["gallop"],
    ],
    ids=" ".join,
)
def test_wrong_use(line: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused(command(*line), 2)
    assert not list(tmp_path.iterdir())


def test_a_near_miss_is_pointed_out(command: Command, tmp_path: Path) -> None:
    ended = command("fit", "jokr", "a", "b", "--out", tmp_path / "x", "--set", "shape.stepz=1")
    assert "shape.steps" in ended.err


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        (["animate", "run", "--best-frame", "5"], "--best-frame stands alone, and takes no '5'", "animate --help"),
        (["mask", "a.mp4", "b.mp4"], "b.mp4 is one word more than this takes", "muybridge mask --help"),
        (
            ["mask", "--", "-dash.mp4", "--max-frames", "6"],
            "behind -- stand names alone, and --max-frames is an option",
            "Put it before: muybridge mask OPTIONS -- -dash.mp4",
        ),
        (["mask", "https://example.org/a.mp4"], "no file or folder https://example.org/a.mp4", "curl -LO https://ex"),
        (["mask", "a.mp4", "--box", "1,1,1e400,3"], "a box is 4 numbers", "10,20,300,240"),
        (["fit", "jokr", "a", "b", "--out", "x", "--set", "steps=2"], "no setting 'steps'", "shape.steps or texture"),
    ],
)
def test_what_cannot_be_understood_is_said(line: list[str], said: str, hint: str, command: Command) -> None:
    ended = command(*line)
    assert ended.code in (1, 2)
    assert said in ended.err
    assert hint in ended.err


def test_a_silhouette_of_a_dashed_name_can_be_used(
    pair: Pair, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-dash.mp4").write_bytes(pair.a.read_bytes())
    assert "--masks-a ./-dash-masks;" in command("mask", "--max-frames", "2", "--", "-dash.mp4").out


@pytest.mark.parametrize("line", ["methods", "--help", "puppets --list"])
def test_a_reader_who_leaves_is_no_error(line: str) -> None:
    """As `muybridge methods | head -1`, whose pipe is closed before all is written."""
    reader, writer = os.pipe()
    os.close(reader)
    code = f"from muybridge.cli import main; import sys; sys.exit(main({line.split()!r}))"
    ended = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(("method", "name"), [("fomm", "training.steps"), ("monkeynet", "learn.steps")])
def test_the_main_stage_has_one_name_for_people(method: str, name: str) -> None:
    found = catalogue.find(method)
    expected = make_config(found, "smoke", {name: 7})
    for said in ("steps", "training.steps", "learn.steps"):
        assert make_config(found, "smoke", {said: 7}) == expected


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("retarget", "mask", "fit", "animate", "edit", "import", "evaluate", "demo", "puppets"):
        assert main([verb, "--help"]) == 0
        said = capsys.readouterr().out
        assert f"muybridge {verb} " in said.split("For example")[1], verb


# -- inputs that cannot be used, each in the place of A ------------------------------------------------------------


def _png(path: Path, width: int, height: int) -> Path:
    """The header of a PNG of this size, and nothing to decode."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def _missing(folder: Path, pair: Pair) -> Path:
    return folder / "no such.mp4"


def _empty_folder(folder: Path, pair: Pair) -> Path:
    (folder / "frames").mkdir()
    (folder / "frames" / "notes.txt").write_text("none")
    return folder / "frames"


def _text(folder: Path, pair: Pair) -> Path:
    (folder / "text.mp4").write_text("this is no video\n" * 50)
    return folder / "text.mp4"


def _cut_off(folder: Path, pair: Pair) -> Path:
    (folder / "cut.mp4").write_bytes(pair.a.read_bytes()[:200])
    return folder / "cut.mp4"


def _nothing(folder: Path, pair: Pair) -> Path:
    (folder / "nothing.mp4").write_bytes(b"")
    return folder / "nothing.mp4"


def _one_frame(folder: Path, pair: Pair) -> Path:
    return write(folder / "one.mp4", pair.clips[0].pixels[:1], Timing.constant(1))


def _one_pixel(folder: Path, pair: Pair) -> Path:
    cv2.imwrite(str(folder / "pixel.png"), np.zeros((1, 1, 3), np.uint8))
    return folder / "pixel.png"


def _enormous(folder: Path, pair: Pair) -> Path:
    return _png(folder / "enormous.png", 20000, 20000)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "there is no file or folder"),
        (_empty_folder, "frames"),
        (_text, "text.mp4"),
        (_cut_off, "cut.mp4"),
        (_nothing, "0 bytes"),
        (_one_frame, "at least two"),
        (_one_pixel, "1x1"),
        (_enormous, "20000x20000"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("_"),
)
def test_inputs_that_cannot_be_used(make, words: str, pair: Pair, command: Command, tmp_path: Path) -> None:
    bad = make(tmp_path, pair)
    out = tmp_path / "out"
    refused(command("retarget", bad, pair.b, "--out", out, *TINY), 1, words)
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_truncated_video_gives_the_frames_that_it_has(command: Command, tmp_path: Path) -> None:
    noise = torch.randint(0, 256, (30, 3, 96, 96), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    noise[:, :, 30:60, 30:60] = 255
    whole = write(tmp_path / "whole.mkv", noise, Timing.constant(30))
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    ended = command("mask", tmp_path / "cut.mkv", "--out", tmp_path / "masks", "--box", "30,30,60,60")
    assert ended.code == 0, ended.err
    assert "note:" in ended.err
    assert 2 < len(list((tmp_path / "masks" / "masks").glob("*.png"))) < 30


# -- silhouettes ---------------------------------------------------------------------------------------------------


def _masks(folder: Path, pictures: list[np.ndarray]) -> Path:
    folder.mkdir()
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{i}.png"), picture)
    return folder


def _given(pair: Pair) -> list[np.ndarray]:
    mattes = pair.clips[0].mattes
    assert mattes is not None
    return [m[0].numpy().copy() for m in mattes]


@pytest.mark.parametrize("wrong", ["count", "shape", "size", "all empty", "all full", "all borders"])
def test_silhouettes_that_do_not_fit(wrong: str, pair: Pair, command: Command, tmp_path: Path) -> None:
    true = _given(pair)
    masks = {
        "count": true[:-1],
        "shape": [m[:40] for m in true],
        "size": [m.repeat(2, 0).repeat(2, 1) for m in true],
        "all empty": [m * 0 for m in true],
        "all full": [m * 0 + 255 for m in true],
        "all borders": [_framed(m) for m in true],
    }[wrong]
    words = {
        "count": "4 silhouettes",
        "shape": "64x40 px and its frame 64x64",
        "size": "128x128 px and its frame 64x64",
        "all empty": "no subject",
        "all full": "every frame",
        "all borders": "takes the whole border on 5 of 5 frames",
    }
    folder, out = _masks(tmp_path / "m", masks), tmp_path / "out"
    ended = command("retarget", pair.a, pair.b, "--out", out, "--masks-a", folder, *TINY)
    refused(ended, 1, words[wrong])
    assert not out.exists()


def test_frames_without_a_silhouette_are_skipped_and_counted(pair: Pair, command: Command, tmp_path: Path) -> None:
    masks = _given(pair)
    masks[3] *= 0
    folder, out = _masks(tmp_path / "m", masks), tmp_path / "out"
    ended = command("retarget", pair.a, pair.b, "--out", out, "--masks-a", folder, *TINY)
    assert ended.code == 0, ended.err
    assert f"1 of {FRAMES} frames" in ended.err
    assert "1 frames, which are not trained on" in (out / "report.html").read_text(encoding="utf-8")


def _framed(mask: np.ndarray) -> np.ndarray:
    mask[0], mask[-1], mask[:, 0], mask[:, -1] = 255, 255, 255, 255
    return mask


def test_a_subject_that_touches_every_border_on_some_frames_is_said(
    pair: Pair, command: Command, tmp_path: Path
) -> None:
    masks = _given(pair)
    masks[:3] = [_framed(mask) for mask in masks[:3]]
    folder, out = _masks(tmp_path / "m", masks), tmp_path / "out"
    ended = command("retarget", pair.a, pair.b, "--out", out, "--masks-a", folder, *TINY)
    assert ended.code == 0, ended.err
    assert "all four borders on 3 of 5" in ended.err


# -- runs and checkpoints ------------------------------------------------------------------------------------------


class _Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_bomb_is_not_set_off(command: Command, tmp_path: Path) -> None:
    mark = tmp_path / "exploded"
    torch.save({"G_A": _Bomb(mark), "KP": {}, "Disc": {}}, tmp_path / "bomb.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(_Bomb(mark)))
    for name in ("bomb.pth", "plain.pth"):
        refused(command("import", tmp_path / name, "--out", tmp_path / "run"), 1, name)
    assert not mark.exists()
    assert not (tmp_path / "run").exists()


def _copy(job: Path, to: Path) -> Path:
    to.mkdir()
    for path in (job / "run").iterdir():
        if path.is_file() and path.name != ".lock":
            (to / path.name).write_bytes(path.read_bytes())
    return to


@pytest.mark.parametrize("name", ["weights.safetensors", "data.safetensors"])
def test_truncated_safetensors(name: str, job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    run = _copy(job, tmp_path / "run")
    (run / name).write_bytes((run / name).read_bytes()[:-100])
    ended = command("animate", run, "--driving", pair.b, "--out", tmp_path / "x.mp4")
    refused(ended, 1, name)
    assert not (tmp_path / "x.mp4").exists()


def test_a_run_of_another_method(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    run = _copy(job, tmp_path / "run")
    (run / "run.json").write_text((run / "run.json").read_text().replace('"jokr"', '"monkeynet"'))
    refused(command("animate", run, "--driving", pair.b, "--out", tmp_path / "x.mp4"), 1, "monkeynet")
    refused(command("fit", "jokr", pair.a, pair.b, "--out", run, "--resume", *TINY), 1, "monkeynet", "jokr")


def test_a_folder_that_is_no_run(pair: Pair, command: Command, tmp_path: Path) -> None:
    refused(command("evaluate", tmp_path), 1, "run.json")
    refused(command("animate", tmp_path / "nowhere", "--driving", pair.b, "--out", tmp_path / "x.mp4"), 1, "run.json")


def test_options_of_landmarks_are_refused_for_a_pair(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    for words in (["--sources", 1], ["--smooth", 3], ["--seed", 1]):
        refused(command("animate", job, "--driving", pair.b, "--out", tmp_path / "x.mp4", *words), 2, "no landmarks")
    assert not list(tmp_path.iterdir())


def test_outputs_that_exist(job: Path, pair: Pair, command: Command, tmp_path: Path) -> None:
    there = tmp_path / "there.mp4"
    there.write_bytes(b"mine")
    refused(command("animate", job, "--driving", pair.b, "--out", there), 1, "--force")
    refused(command("edit", job, "--subject", "A", "--move", "0=0,0", "--out", there), 1, "--force")
    refused(command("retarget", pair.a, pair.b, "--out", there, *TINY), 1, "exists")
    assert there.read_bytes() == b"mine"


def test_an_error_inside_says_how_to_see_more(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    def broken() -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("muybridge.api.doctor", broken)
    refused(command("doctor"), 1, "MUYBRIDGE_DEBUG=1")
    monkeypatch.setenv("MUYBRIDGE_DEBUG", "1")
    with pytest.raises(KeyError):
        main(["doctor"])

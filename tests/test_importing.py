"""Checkpoints of the authors' programs: told apart by what is in them, and what other files really are."""

import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

import muybridge
from muybridge import catalogue
from muybridge.api.importing import recognise_method
from muybridge.cli import main
from muybridge.errors import CheckpointError
from muybridge.networks import load_tensors
from muybridge.puppets import scene

READABLE = [name for name in catalogue.names() if hasattr(catalogue.find(name), "imported")]
PAGE = b"<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title><body>download quota</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 357922299\n"


@pytest.mark.parametrize("name", READABLE)
def test_every_golden_checkpoint_is_told_by_its_contents(name: str, shared: Path) -> None:
    folder = shared / "golden" / name
    if not folder.is_dir():
        pytest.skip(f"nobody has recorded a checkpoint of {name}")
    assert recognise_method(folder / "checkpoint.pth") == name


@pytest.mark.parametrize("name", READABLE)
def test_one_is_imported_and_animates(name: str, shared: Path, tmp_path: Path, capsys: Any) -> None:
    folder = shared / "golden" / name
    if not folder.is_dir() or catalogue.find(name).card.needs != "folder":
        pytest.skip("animates a picture only where a folder was learnt from")
    given = ["import", folder / "checkpoint.pth", "--config", folder / "config.yaml", "--out", tmp_path / "run"]
    assert main([str(part) for part in given]) == 0
    assert f"a checkpoint of {name}" in capsys.readouterr().err
    drawn = scene("dog-cat", 3, 64)
    path, _ = muybridge.animate(tmp_path / "run", drawn.a, drawn.b, out=tmp_path / "made.gif")
    assert len(muybridge.read(path)) == 3


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photos/one.jpg", "x")


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("shapes/train")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PAGE, "quota was exhausted"),
        (b"<html><title>Sign in</title></html>", 'HTML page \\("Sign in"\\)'),
        (POINTER, r"git-lfs pointer.*357\.9 MB"),
        (b"model_params:\n  num_kp: 10\n", 'text that begins with "model_params:"'),
        (b"\x1f\x8b\x08\x00abc\xff", "gzip-compressed"),
        (b"\x89HDF\r\n\x1a\n\x00", "Keras"),
        (b"\x89PNG\r\n\x1a\n\x00", "PNG picture"),
        (b"\x00\x00\x00\x18ftypmp42\x00\xff", "a video"),
        (b'\x40\x00\x00\x00\x00\x00\x00\x00{"w":{"dtype":"F32"}}\xff', "safetensors"),
        (b"", "empty"),
        (b"\x80\x02garbage\xff\xfe", "loaded safely"),
    ],
)
def test_what_a_file_really_is(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "vox.pth.tar"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        muybridge.import_checkpoint(path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("pack", "said"), [(zipped, r"zip archive.*one\.jpg"), (tarred, "tar archive of shapes/train")]
)
def test_archives_of_other_things(pack: Any, said: str, tmp_path: Path) -> None:
    pack(tmp_path / "vox.pth.tar")
    with pytest.raises(CheckpointError, match=said):
        load_tensors(tmp_path / "vox.pth.tar")


class _Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.place,))


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_that_runs_code_is_refused_in_one_sentence(protocol: int, tmp_path: Path) -> None:
    path, place = tmp_path / "vox.pth.tar", tmp_path / "run by the pickle"
    path.write_bytes(pickle.dumps(_Bomb(place), protocol))
    with pytest.raises(CheckpointError, match="asks to run code"):
        load_tensors(path)  # and no warning beside it, which would fail this test
    assert not place.exists()


def test_a_checkpoint_of_another_program_is_named_by_its_contents(tmp_path: Path) -> None:
    torch.save({"netG": {"w": torch.zeros(2)}, "epoch": 3}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"none of the programs.*epoch, netG"):
        muybridge.import_checkpoint(tmp_path / "other.pth", out=tmp_path / "run")
    with pytest.raises(CheckpointError, match="not a checkpoint of"):
        muybridge.import_checkpoint(tmp_path / "other.pth", out=tmp_path / "run", method="monkeynet")

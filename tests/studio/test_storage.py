"""What lies on the disk, and that nothing else can be reached."""

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.studio.names import clean_name, file_name, name_of_file, plain_name
from muybridge.studio.storage import Missing, Storage


@given(st.text(alphabet=st.sampled_from(string.printable + "é猫\u202e\x00/\\.")))
@settings(max_examples=200, deadline=None)
def test_names_are_plain(name: str) -> None:
    plain = plain_name(name)
    assert 0 < len(plain) <= 60
    assert len(plain.encode()) <= 90
    assert not set(plain) & set('/\\\x00\n\r\t<>:"|?*\u202e')
    assert plain == plain.strip(" .")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("cat.mp4", "cat"),
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\my cat.mov", "my cat"),
        ("猫 & élan.gif", "猫 & élan"),
        ("", "clip"),
        ("....", "clip"),
        (".hidden", "hidden"),
        ("a.b.c.mp4", "a.b.c"),
        ("猫" * 100 + ".mp4", "猫" * 30),
        ("Take 1.5", "Take 1.5"),
        ("Take 1.5.mp4", "Take 1.5"),
    ],
)
def test_names_that_people_use(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    "name",
    [
        "Take 1.5",
        "Cat & fox <b>smoke</b> 猫",
        '1/2 speed: "slow"',
        "👩\u200d🚀 flies",
        "\u0645\u06cc\u200c\u062e\u0648\u0627",
        "../x.mp4",
    ],
)
def test_a_name_is_text_and_no_path(name: str) -> None:
    assert clean_name(name) == name
    assert not set(file_name(name)) & set('/\\<>:"|?*')


def test_a_name_has_nothing_that_cannot_be_seen() -> None:
    assert clean_name(" a\r\nb\0\u202etxt\tc ") == "a btxt c"
    assert len(clean_name("x" * 500)) == 80
    assert file_name("Cat & fox <b>smoke</b> 猫") == "Cat & fox b smoke b 猫"
    assert file_name("Take 1.5") == "Take 1.5"
    assert [name_of_file(path) for path in ("C:\\my videos\\Take 1.5.mov", ".mp4", "")] == ["Take 1.5", "mp4", "clip"]
    assert [name_of_file(f"{folder}cat.mp4") for folder in ("/", "../../etc/", "~/", "\\\\share\\")] == ["cat"] * 4
    # It became "b> 猫".
    assert name_of_file("Cat & fox <b>smoke</b> 猫.mp4") == "Cat & fox <b>smoke</b> 猫"


@pytest.mark.parametrize("number", ["", "..", "../clips", "abc", "0123456789AB", "0" * 12, "%2e%2e", "a" * 12 + "\n"])
def test_only_numbers_lead_to_folders(tmp_path: Path, number: str) -> None:
    storage = Storage(tmp_path)
    with pytest.raises(Missing):
        storage.folder("clips", number)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    (tmp_path / "clips" / ("a" * 12)).symlink_to(tmp_path)
    with pytest.raises(Missing):
        storage.folder("clips", "a" * 12)


def test_a_link_below_a_record_is_not_followed(tmp_path: Path) -> None:
    """Neither to a file nor to a folder, wherever it stands."""
    storage = Storage(tmp_path / "studio")
    clip = storage.new("clips", {"name": "cat"})
    folder = storage.folder("clips", clip["id"])
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "masks").mkdir(parents=True)
    for path in (elsewhere / "00000.png", elsewhere / "masks" / "00000.png"):
        path.write_bytes(b"not for everybody")
    (folder / "frames").mkdir()
    (folder / "frames" / "00000.png").symlink_to(elsewhere / "00000.png")
    (folder / "frames" / "00001.png").write_bytes(b"our own")
    (folder / "silhouettes").symlink_to(elsewhere)
    for parts in (("frames", "00000.png"), ("silhouettes", "masks", "00000.png"), ("silhouettes", "00000.png")):
        with pytest.raises(Missing):
            storage.file("clips", clip["id"], *parts)
    assert storage.file("clips", clip["id"], "frames", "00001.png").read_bytes() == b"our own"


def test_records_come_back_newest_first_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    first, second = (
        storage.new("clips", {"name": n, "created": c}) for n, c in (("one", "2026-01"), ("two", "2026-02"))
    )
    broken = storage.new("clips", {"name": "three", "created": "2026-03"})
    (storage.folder("clips", broken["id"]) / "clip.json").write_text("{")
    assert [r["name"] for r in storage.all("clips")] == ["two", "one"]
    assert storage.load("clips", first["id"]) == first
    storage.remove("clips", second["id"])
    assert [r["name"] for r in Storage(tmp_path).all("clips")] == ["one"]


def test_a_file_of_a_run_is_one_that_was_made(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    run = storage.new("runs", {"name": "run"})
    folder = storage.folder("runs", run["id"])
    (folder / "out").mkdir()
    for name in ("a.mp4", ".hidden"):
        (folder / "out" / name).write_bytes(b"x")
    (folder / "out" / "link.mp4").symlink_to("/etc/hostname")
    assert set(storage.files(run["id"])) == {"a.mp4"}

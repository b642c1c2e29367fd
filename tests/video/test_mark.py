"""What results say of themselves, in every kind of file, and that it is read back."""

import json

import av
import pytest
from PIL import Image

from muybridge.errors import InputError
from muybridge.video import Mark, Timing, leave_unmarked, make_mark, probe, read, read_mark, write

MARK = Mark("jokr", "1.2.3")


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.gif", "a.png", "frames"])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_format_carries_its_mark(name, alpha, moving, tmp_path):
    count = 1 if name == "a.png" else 4
    frames = moving(count, alpha=alpha)
    plain = write(tmp_path / "plain" / name, frames, Timing.constant(count))
    marked = write(tmp_path / name, frames, Timing.constant(count), mark=MARK)
    assert read_mark(marked) == MARK
    assert read_mark(plain) is None
    assert read(marked).pixels.equal(read(plain).pixels)
    assert probe(marked) == probe(plain)
    write(tmp_path / name, frames, Timing.constant(count), mark=Mark("fomm", "2", composite=True), force=True)
    assert read_mark(marked) == Mark("fomm", "2", composite=True)


def test_other_programs_read_it_in_the_words_of_the_standard(moving, tmp_path):
    movie = write(tmp_path / "a.mp4", moving(2), Timing.constant(2), mark=MARK)
    with av.open(str(movie)) as container:
        told = json.loads(container.metadata["comment"])
    assert told["digitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    picture = write(tmp_path / "a.png", moving(1), Timing.constant(1), mark=Mark("jokr", "1", composite=True))
    with Image.open(picture) as image:
        image.load()
        assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"]
        assert "method jokr" in image.info["XML:com.adobe.xmp"]
    film = write(tmp_path / "a.gif", moving(3), Timing.constant(3), mark=MARK)
    with Image.open(film) as image:
        image.seek(2)
        assert image.n_frames == 3


def test_the_mark_names_the_installed_version_and_can_be_left_out():
    mark = make_mark("tsnet")
    assert mark is not None
    assert mark.method == "tsnet"
    assert mark.version
    with leave_unmarked():
        assert make_mark("tsnet") is None
    assert make_mark("tsnet") == mark


def test_a_frame_of_a_folder_keeps_its_mark_when_it_is_taken_out(moving, tmp_path):
    folder = write(tmp_path / "frames", moving(2), Timing.constant(2), mark=MARK)
    (folder / "synthetic.json").unlink()
    assert read_mark(folder) == MARK
    assert read_mark(folder / "00001.png") == MARK


@pytest.mark.parametrize(
    "told", ["{}", "[" * 60000, '{"synthetic": true}', '{"synthetic": true, "tool": "Another"}', "\xff"]
)
def test_other_remarks_are_no_mark(told, moving, tmp_path):
    folder = write(tmp_path / "frames", moving(1), Timing.constant(1))
    (folder / "synthetic.json").write_text(told, encoding="latin-1")
    assert read_mark(folder) is None


def test_what_cannot_be_opened_is_one_sentence(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "a.txt", tmp_path / "none.mp4", tmp_path / "empty"):
        with pytest.raises(InputError):
            read_mark(path)

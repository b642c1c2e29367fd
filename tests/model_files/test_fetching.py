import errno
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import muybridge
from muybridge.errors import DownloadError, InputError, OutputExistsError, UsageError
from muybridge.model_files import MODEL_FILES, ModelFile, catalogue, download, download_model, torch_cache_path

CONTENT = bytes(range(256)) * 4096
"""One MiB."""


class Publisher(ThreadingHTTPServer):
    """A server of the test's own: what it does is set by its fields, and it remembers what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = CONTENT
        self.cut_after: list[int] = []  # bytes after which each connection in turn ends
        self.status: list[int] = []  # errors with which each connection in turn is answered
        self.ranges = True
        self.asked: list[str | None] = []
        self.paths: list[str] = []


class Answer(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        ours = self.server
        wanted = self.headers.get("Range")
        ours.asked.append(wanted)
        ours.paths.append(self.path)
        if ours.status:
            self.send_error(ours.status.pop(0))
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and ours.ranges else 0
        if begin >= len(ours.content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(ours.content) - 1}/{len(ours.content)}")
        self.send_header("Content-Length", str(len(ours.content) - begin))
        self.end_headers()
        rest = ours.content[begin:]
        self.wfile.write(rest[: ours.cut_after.pop(0)] if ours.cut_after else rest)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def entry(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """A network of one MiB that the test's own server publishes."""
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = replace(
        MODEL_FILES[1],
        name="net",
        file="net.onnx",
        address=f"http://127.0.0.1:{publisher.server_port}/net.onnx",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        used_by=("jokr",),
    )
    monkeypatch.setattr(catalogue, "MODEL_FILES", (made,))
    return made


def parts(entry: ModelFile) -> list[str]:
    return sorted(p.name for p in entry.path.parent.iterdir()) if entry.path.parent.is_dir() else []


@pytest.mark.parametrize("told", [{}, {"XDG_CACHE_HOME": "caches"}, {"XDG_CACHE_HOME": "caches", "TORCH_HOME": "~/t"}])
def test_weights_lie_where_torch_keeps_them(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert torch_cache_path("vgg.pth") == Path(torch.hub.get_dir()) / "checkpoints" / "vgg.pth"


def test_a_network_is_fetched_once_and_whole(entry: ModelFile, publisher: Publisher) -> None:
    told: list[int] = []
    assert download_model(entry, lambda here, whole: told.append(here)) == entry.path
    assert entry.path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)
    assert parts(entry) == ["net.onnx"]
    download_model(entry)
    assert len(publisher.asked) == 1


def test_a_cut_connection_is_gone_on_with(entry: ModelFile, publisher: Publisher) -> None:
    publisher.cut_after = [300_000, 200_000]
    download_model(entry, wait=0.0)
    assert entry.path.read_bytes() == CONTENT
    assert publisher.asked[0] is None
    begins = [int(asked[6:-1]) for asked in publisher.asked[1:] if asked]
    assert len(begins) == 2
    assert 0 < begins[0] < begins[1] < len(CONTENT)


def test_a_later_call_goes_on_with_what_an_earlier_one_brought(entry: ModelFile, publisher: Publisher) -> None:
    part = entry.path.with_name("net.onnx.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    download_model(entry)
    assert publisher.asked == ["bytes=1000-"]
    assert entry.path.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_from_the_start(entry: ModelFile, publisher: Publisher) -> None:
    publisher.ranges = False
    publisher.cut_after = [300_000]
    download_model(entry, wait=0.0)
    assert entry.path.read_bytes() == CONTENT


def test_other_content_than_was_published_is_thrown_away(entry: ModelFile, publisher: Publisher) -> None:
    publisher.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadError, match="is not net as it was published") as raised:
        download_model(entry)
    assert entry.sha256 in raised.value.message
    assert parts(entry) == []
    publisher.content = CONTENT + b"more"
    with pytest.raises(DownloadError, match="sends more than the 1048576 bytes"):
        download_model(entry)
    assert not entry.path.exists()


def test_a_part_of_something_else_does_no_harm(entry: ModelFile, publisher: Publisher) -> None:
    part = entry.path.with_name("net.onnx.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    with pytest.raises(DownloadError, match="is not net as it was published"):
        download_model(entry)
    download_model(entry)
    assert entry.path.read_bytes() == CONTENT


def test_a_passing_error_is_tried_again_and_a_final_one_is_not(entry: ModelFile, publisher: Publisher) -> None:
    publisher.status = [503, 429, 500]
    download_model(entry, wait=0.0)
    assert len(publisher.asked) == 4
    entry.path.unlink()
    publisher.status = [404]
    with pytest.raises(DownloadError, match="answered 404"):
        download_model(entry, wait=0.0)
    assert len(publisher.asked) == 5


def test_no_connection_is_one_sentence_and_keeps_what_came(entry: ModelFile, publisher: Publisher) -> None:
    part = entry.path.with_name("net.onnx.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    publisher.status = [503] * 9
    with pytest.raises(DownloadError, match="could not be fetched") as raised:
        download_model(entry, wait=0.0)
    assert "brought=" in str(raised.value.hint)
    assert len(publisher.asked) == download.TRIES
    assert part.read_bytes() == CONTENT[:1000]


def test_no_space_is_seen_before_the_first_byte(
    entry: ModelFile, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(DownloadError, match="needs 1 MiB more"):
        download_model(entry)
    assert publisher.asked == []


def test_a_disk_that_becomes_full_is_said(entry: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def pour(answer: object, file: object, have: int, *rest: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "_pour", pour)
    with pytest.raises(DownloadError, match="the disk became full"):
        download_model(entry, wait=0.0)
    assert not entry.path.exists()


def test_proxies_come_from_the_environment(
    entry: ModelFile, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{publisher.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    far = replace(entry, address="http://models.invalid/net.onnx")
    download_model(far)
    assert publisher.paths == ["http://models.invalid/net.onnx"]
    assert entry.path.read_bytes() == CONTENT


def test_another_file_in_its_place_is_never_replaced(entry: ModelFile, publisher: Publisher) -> None:
    entry.path.parent.mkdir(parents=True)
    entry.path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match="another file lies at"):
        download_model(entry)
    assert entry.path.read_bytes() == b"mine"
    assert publisher.asked == []


def test_a_brought_file_is_checked_and_copied(
    entry: ModelFile, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stick").mkdir()
    with pytest.raises(InputError, match="there is no file"):
        muybridge.fetch("net", brought=tmp_path / "stick")
    (tmp_path / "stick" / "net.onnx").write_bytes(b"other")
    with pytest.raises(InputError, match="is not net as it was published"):
        muybridge.fetch("net", brought=tmp_path / "stick" / "net.onnx")
    (tmp_path / "stick" / "net.onnx").write_bytes(CONTENT)
    announced: list[str] = []
    found = muybridge.fetch(all_for="jokr", brought=tmp_path / "stick", announce=lambda e: announced.append(e.name))
    assert found == [entry.path]
    assert announced == ["net"]
    assert entry.path.read_bytes() == CONTENT
    assert publisher.asked == []


def test_unknown_names_are_refused(entry: ModelFile) -> None:
    for options in ({"names": ("nothing",)}, {"all_for": "nobody"}, {}):
        with pytest.raises(UsageError):
            muybridge.fetch(*options.get("names", ()), all_for=options.get("all_for"))


def test_every_entry_is_complete() -> None:
    for each in MODEL_FILES:
        assert each.address.startswith("https://")
        assert len(bytes.fromhex(each.sha256)) == 32
        assert each.size > 0
        assert each.licence
        assert each.used_by
    assert len({e.name for e in MODEL_FILES}) == len({e.file for e in MODEL_FILES}) == len(MODEL_FILES)


def test_torchs_own_names_carry_the_same_digits() -> None:
    """torch.hub writes the first eight digits of the SHA-256 into its files' names."""
    named = [e for e in MODEL_FILES if e.torchs]
    assert named
    assert all(e.sha256.startswith(e.file.removesuffix(".pth")[-8:]) for e in named)

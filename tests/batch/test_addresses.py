"""Inputs that lie elsewhere: fetched once, whole, checked, and known by what is in them."""

import base64
import hashlib
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from muybridge.batches.addresses import describe_error, fetch_input, tag_addresses
from muybridge.batches.folder import BatchFolder
from muybridge.batches.jobs import Job, list_addresses, order_job
from muybridge.errors import InputError, MissingExtraError


class Far(LocalFileSystem):
    """Files that lie elsewhere, and say of themselves what a web server does."""

    protocol = "far"
    told: ClassVar[dict[str, str]] = {}
    gone = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("far://")

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        if self.gone:
            raise TimeoutError
        found = super().info(path, **options)
        return {"name": path, "size": found["size"], "type": found["type"], **self.told}


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two clips at far://; the cache is a folder of this test."""
    fsspec.register_implementation("far", Far, clobber=True)
    monkeypatch.setenv("MUYBRIDGE_BATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Far, "told", {})
    there = tmp_path / "there"
    there.mkdir()
    (there / "cat.mp4").write_bytes(b"cat")
    (there / "fox.mp4").write_bytes(b"fox")
    return there


def test_an_address_is_fetched_once_and_the_cache_is_bounded(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    address = f"file://{far}/cat.mp4"
    first = fetch_input(address)
    assert first.read_bytes() == b"cat"
    inode = first.stat().st_ino
    assert fetch_input(address) == first
    assert first.stat().st_ino == inode

    (far / "cat.mp4").write_bytes(b"another cat")
    second = fetch_input(address)
    assert second.read_bytes() == b"another cat"
    assert first.is_file()

    monkeypatch.setenv("MUYBRIDGE_BATCH_CACHE_BYTES", "4")
    third = fetch_input(f"file://{far}/fox.mp4")
    assert third.is_file()
    assert not first.exists()
    assert not second.exists()
    assert list(cache.rglob("*.part")) == []

    with pytest.raises(InputError, match="cannot be fetched: there is no such file"):
        fetch_input(f"file://{far}/nobody.mp4")
    with pytest.raises(InputError, match="is a folder"):
        fetch_input(f"file://{far}")
    with pytest.raises(MissingExtraError, match="cannot be opened"):
        fetch_input("nowhere://clip.mp4")


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    with pytest.raises(MissingExtraError, match="cannot be opened here") as caught:
        fetch_input("s3://bucket/cat.mp4")
    assert "muybridge[addresses]" in str(caught.value.hint)


def test_what_changed_at_an_address_makes_another_job(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(name="one", a="far://" + str(far / "cat.mp4"), b="far://" + str(far / "fox.mp4"))
    folder = BatchFolder(tmp_path / "out")

    def order() -> str:
        return order_job(folder, job, tag_addresses(list_addresses([job])))

    monkeypatch.setattr(Far, "told", {"Last-Modified": "Monday"})
    first, fetched = order(), fetch_input(str(job.a))
    assert order() == first
    # As long as before, and by a server that knows no tags: only its date is another.
    (far / "cat.mp4").write_bytes(b"cow")
    monkeypatch.setattr(Far, "told", {"Last-Modified": "Tuesday"})
    assert order() != first
    assert fetch_input(str(job.a)) != fetched
    assert fetch_input(str(job.a)).read_bytes() == b"cow"

    # Where nothing answers, it is taken for what it was, and only whoever needs the file is told.
    before = order()
    monkeypatch.setattr(Far, "gone", True)
    assert order() == before
    with pytest.raises(InputError, match="cannot be fetched: TimeoutError"):
        fetch_input(str(job.a))


def test_what_came_is_checked(far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "far://" + str(far / "cat.mp4")
    for wrong in ({"Content-MD5": base64.b64encode(bytes(16)).decode()}, {"lfs": {"sha256": "0" * 64}}):
        monkeypatch.setattr(Far, "told", wrong)
        with pytest.raises(InputError, match="came damaged"):
            fetch_input(address)
    monkeypatch.setattr(Far, "told", {"size": 4})
    with pytest.raises(InputError, match="came with 3 of 4 bytes"):
        fetch_input(address)
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"] == []

    md5 = base64.b64encode(hashlib.md5(b"cat").digest()).decode()
    monkeypatch.setattr(Far, "told", {"Content-MD5": md5, "lfs": {"sha256": hashlib.sha256(b"cat").hexdigest()}})
    place = fetch_input(address)
    # A disk that has lost its bytes, and not its length.
    place.write_bytes(b"c\0t")
    assert fetch_input(address).read_bytes() == b"cat"


def test_a_web_address(far: Path) -> None:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed: pip install '.[addresses]'")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(far))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/cat.mp4"
    try:
        assert fetch_input(address).read_bytes() == b"cat"
        (far / "cat.mp4").write_bytes(b"cow")
        os.utime(far / "cat.mp4", (10**9, 10**9))
        assert fetch_input(address).read_bytes() == b"cow"
        with pytest.raises(InputError, match="cannot be fetched: there is no such file"):
            fetch_input(address.replace("cat", "nobody"))
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(InputError, match="cannot be fetched: Cannot connect to host"):
        fetch_input(address)


@pytest.mark.parametrize(
    ("status", "cause", "said"),
    [
        (404, None, "there is no such file"),
        (403, None, "Forbidden"),
        (None, ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (None, TimeoutError(), "TimeoutError"),
        (None, FileNotFoundError("cat.mp4"), "there is no such file"),
        (None, ValueError("NoSuchKey"), "there is no such file"),
        (None, None, "there is no such file"),
    ],
)
def test_what_a_missing_file_hides_is_told(status: int | None, cause: Exception | None, said: str) -> None:
    class ResponseError(Exception):
        def __init__(self) -> None:
            super().__init__("Forbidden")
            self.status = status

    error = FileNotFoundError("https://example.org/cat.mp4")
    error.__cause__ = ResponseError() if status else cause
    assert said in describe_error(error)


def test_a_web_address_is_believed_only_with_its_certificate(far: Path, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="aiohttp is not installed: pip install '.[addresses]'")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, which makes a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost")
    made = (*made, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run(made, check=True, capture_output=True)

    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(far))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # In a process of its own, for certificates are read once.
    fetch = (
        "import sys; from muybridge.batches.addresses import fetch_input; print(fetch_input(sys.argv[1]).read_bytes())"
    )
    command = (sys.executable, "-c", fetch, f"https://127.0.0.1:{server.server_port}/cat.mp4")
    try:
        known = {**os.environ, "SSL_CERT_FILE": str(certificate)}
        trusted = subprocess.run(command, env=known, capture_output=True, text=True)
        assert trusted.stdout.strip() == "b'cat'", trusted.stderr
        stranger = subprocess.run(command, capture_output=True, text=True)
    finally:
        server.shutdown()
        server.server_close()
    assert stranger.returncode == 1
    # In the sentence itself, and not only in what led to it.
    sentence = stranger.stderr[stranger.stderr.rindex("cannot be fetched") :]
    assert "certificate verify failed" in sentence

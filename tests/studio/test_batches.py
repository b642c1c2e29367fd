"""Batches that the command runs into the studio's folder: listed, their results opened, and nothing beside them."""

from pathlib import Path
from urllib.parse import quote

from open_studio import Studio, write_batch


def test_a_batch_is_listed_and_its_results_are_opened(studio: Studio, tmp_path: Path) -> None:
    folder = write_batch(studio.runs / "batches" / "pairs & more")
    (listed,) = [each for each in studio.get("/api/batches") if each["name"] == folder.path.name]
    assert (listed["running"], listed["counts"]) == (False, {"done": 1, "failed": 1})

    address = f"/api/batches/{quote(folder.path.name)}"
    jobs = {job["name"]: job for job in studio.get(address)["jobs"]}
    assert jobs["broken"]["error"] == "there is no video in a.mp4"
    assert jobs["good"]["files"] == ["a-moving-like-b.mp4", "report.html"]
    report = studio.ask("GET", f"{address}/jobs/good/files/report.html")
    assert report.body == b"<p>a report</p>"
    assert "sandbox" in report.headers["content-security-policy"]


def test_nothing_beside_a_batch_is_reached(studio: Studio, tmp_path: Path) -> None:
    folder = write_batch(studio.runs / "batches" / "mine")
    (tmp_path / "letter.mp4").write_bytes(b"dear")
    (folder.results("good") / "letter.mp4").symlink_to(tmp_path / "letter.mp4")
    (studio.runs / "batches" / "other").symlink_to(tmp_path)
    (folder.results("good") / ".hidden.mp4").write_bytes(b"")

    for address in (
        "/api/batches/nobody",
        "/api/batches/other",
        "/api/batches/..%2Fruns",
        "/api/batches/mine/jobs/good/files/letter.mp4",
        "/api/batches/mine/jobs/good/files/.hidden.mp4",
        "/api/batches/mine/jobs/good/files/..%2F..%2Fbatch.json",
        "/api/batches/mine/jobs/..%2F.jobs/files/report.html",
    ):
        assert studio.ask("GET", address).status == 404, address

"""Batches in the studio's folder: begun, stopped, listed, their results opened, and nothing beside them."""

from pathlib import Path
from urllib.parse import quote

from open_studio import Studio, write_batch

from tiny_jokr import TINY_NETWORKS

STEPS = {**TINY_NETWORKS, "shape.steps": 2, "texture.steps": 2, "motion.steps": 2}


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


def test_every_pair_of_some_clips_is_begun_stopped_and_gone_on_with(studio: Studio) -> None:
    clips = studio.pair()
    for clip in clips:
        assert studio.ask("PATCH", f"/api/clips/{clip}", {"name": "Twin"}).status == 200
    asked = {"clips": clips, "preset": "smoke", "set": STEPS, "name": "All & pairs"}
    assert studio.ask("POST", "/api/batches", {**asked, "clips": clips[:1]}).status == 422
    assert studio.ask("POST", "/api/batches", {**asked, "clips": [clips[0], clips[0]]}).status == 409
    assert studio.ask("POST", "/api/batches", {**asked, "method": "fomm"}).status == 409
    begun = studio.ask("POST", "/api/batches", asked)
    assert (begun.status, begun.json["name"]) == (201, "All & pairs"), begun.body
    assert studio.ask("POST", "/api/batches", asked).status == 409, "its name is taken"
    address = f"/api/batches/{quote(begun.json['name'])}"

    studio.wait(address, lambda batch: any(job["status"] == "running" for job in batch["jobs"]))
    assert studio.ask("DELETE", address).status == 409
    assert studio.ask("POST", f"{address}/actions/stop").status == 202
    studio.wait(address, lambda batch: not (batch["running"] or batch["waiting"]))
    # What is learned from is a copy: the clips may go.
    assert [studio.ask("DELETE", f"/api/clips/{clip}").status for clip in clips] == [204, 204]

    assert studio.ask("POST", f"{address}/actions/resume").status == 202
    done = studio.wait(address, lambda batch: not (batch["running"] or batch["waiting"]))
    assert done["message"] is None
    ((job, status, error, files),) = [(job["name"], job["status"], job["error"], job["files"]) for job in done["jobs"]]
    assert (job, status, error) == ("Twin-Twin-2", "done", "")
    assert "Twin-moving-like-Twin-2.mp4" in files
    assert studio.ask("DELETE", address).status == 204
    assert not (studio.runs / "batches" / "All & pairs").exists()


def test_a_batch_of_the_command_is_not_begun_by_the_page(studio: Studio) -> None:
    write_batch(studio.runs / "batches" / "of the command")
    assert studio.ask("POST", "/api/batches/of%20the%20command/actions/resume").status == 409

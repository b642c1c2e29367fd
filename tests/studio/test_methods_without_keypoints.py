"""What the page is told of each method, and a run of one that has no keypoints."""

from typing import Any

from open_studio import Studio

TINY = {
    "size": 32,
    "generator.width": 8,
    "generator.blocks": 1,
    "critic.width": 8,
    "critic.layers": 2,
    "history": 3,
    "translate.steps": 2,
    "translate.batch": 2,
}


def test_the_page_is_told_what_a_method_has(studio: Studio) -> None:
    told = {m["name"]: (m["needs"], m["editable"], m["affine"]) for m in studio.get("/api/about")["methods"]}
    assert told["jokr"] == ("pair", True, True)
    assert told["cyclegan"] == told["recyclegan"] == ("pair", False, False)
    assert told["fomm"] == ("folder", False, False)


def test_a_translator_is_trained_and_says_that_it_has_no_keypoints(studio: Studio, finished: dict[str, Any]) -> None:
    asked = {"method": "cyclegan", "clips": finished["clips"], "preset": "smoke", "set": TINY}
    answer = studio.ask("POST", "/api/runs", asked)
    assert answer.status == 201, answer.body
    path = f"/api/runs/{answer.json['id']}"
    run = studio.wait(path, lambda r: r["state"] in ("finished", "failed"))
    assert run["state"] == "finished", run
    assert {"report.html", "side-by-side.mp4"} <= set(studio.get(f"{path}/files"))
    assert studio.ask("GET", f"{path}/results/a/with/0").status == 200
    refused = studio.ask("GET", f"{path}/handles")
    assert refused.status == 400
    assert refused.json["message"] == "cyclegan has no keypoints that can be moved"

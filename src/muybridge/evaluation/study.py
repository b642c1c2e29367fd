"""A blind user study: a page with results in random order and nobody's name, and what the answers say.

As in the papers: JOKR (section 4) asks for two marks from 1 to 5, Monkey-Net (section 4.3) for the better of two.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from muybridge.errors import InputError, UsageError
from muybridge.evaluation.report import STYLE
from muybridge.evaluation.tables import Interval, interval

ASPECTS = ("appearance", "motion")
QUESTIONS = {
    "appearance": "How much does the result look like the subject?",
    "motion": "How similar is its motion to the driving video's?",
}
"""Both are marked from 1 (not at all) to 5 (very)."""
FORMAT = "muybridge-study-1"


@dataclass(frozen=True)
class Entry:
    """One result that is shown; the videos are MP4s.

    place  what the result is of: results of one place are compared with each other
    """

    method: str
    place: str
    result: bytes
    source: bytes
    driving: bytes


@dataclass(frozen=True)
class Score:
    """What people think of one method.

    appearance, motion  mean opinion scores, 1 to 5, their intervals over people; None where nobody marked it
    preferred           share of its comparisons that it won, 0 to 1; None where there were none
    marks, comparisons  how many there were
    """

    method: str
    appearance: Interval | None
    motion: Interval | None
    preferred: float | None
    marks: int
    comparisons: int


def build_study(entries: Sequence[Entry], seed: int = 0) -> tuple[str, dict[str, Any]]:
    """The page, and the key that says whose results it shows; the page alone does not tell.

    Every result is marked once, and every two results of one place are compared once, all in random order by `seed`.
    Raises UsageError where there is nothing to show.
    """
    if not entries:
        raise UsageError("a study needs results to show", "Run muybridge bench first.")

    rng = random.Random(seed)
    marks = list(range(len(entries)))
    pairs = [
        tuple(rng.sample(pair, 2))
        for pair in combinations(range(len(entries)), 2)
        if entries[pair[0]].place == entries[pair[1]].place and entries[pair[0]].method != entries[pair[1]].method
    ]
    rng.shuffle(marks)
    rng.shuffle(pairs)
    name = f"{rng.getrandbits(48):012x}"
    key = {
        "format": FORMAT,
        "study": name,
        "marks": [{"method": entries[i].method, "place": entries[i].place} for i in marks],
        "pairs": [{"left": entries[i].method, "right": entries[j].method, "place": entries[i].place} for i, j in pairs],
    }

    return _page(name, entries, marks, pairs), key


def scores(key: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> list[Score]:
    """What the answers of several people say of each method, the best first.

    key      of `study`
    answers  what the page saved, one for each person
    Raises InputError for answers to another study, or that are none.
    """
    given = [_check_answer(key, answer) for answer in answers]
    methods = sorted({m["method"] for m in key["marks"]})
    found = [_score(method, key, given) for method in methods]
    return sorted(found, key=lambda s: (-(s.appearance.mean if s.appearance else 0), s.method))


def _score(method: str, key: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> Score:
    opinions: dict[str, Interval | None] = {}
    count = 0

    for aspect in ASPECTS:
        people = []
        for answer in answers:
            own = [m[aspect] for i, m in answer["marks"] if key["marks"][i]["method"] == method and aspect in m]
            count += len(own)
            if own:
                people.append(sum(own) / len(own))
        opinions[aspect] = interval(people) if people else None

    won = lost = 0
    for answer in answers:
        for i, side in answer["pairs"]:
            pair = key["pairs"][i]
            won += pair[side] == method
            lost += method in (pair["left"], pair["right"]) and pair[side] != method

    share = won / (won + lost) if won + lost else None
    return Score(method, opinions["appearance"], opinions["motion"], share, count, won + lost)


def _check_answer(key: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, list[tuple[int, Any]]]:
    if not isinstance(answer, Mapping) or key.get("format") != FORMAT or answer.get("study") != key.get("study"):
        raise InputError("these answers are not to this study", "Name the key.json that was written with the page.")

    try:
        marks = [(int(i), {a: int(v) for a, v in m.items() if a in ASPECTS}) for i, m in answer["marks"].items()]
        pairs = [(int(i), str(side)) for i, side in answer["pairs"].items()]
    except (KeyError, AttributeError, TypeError, ValueError) as e:
        raise InputError("these answers are damaged: expected marks and pairs by number") from e

    within = all(0 <= i < len(key["marks"]) for i, _ in marks) and all(0 <= i < len(key["pairs"]) for i, _ in pairs)
    sane = all(1 <= v <= 5 for _, m in marks for v in m.values()) and all(s in ("left", "right") for _, s in pairs)
    if not (within and sane):
        raise InputError("these answers are damaged: marks are 1 to 5 and choices left or right, of what was shown")

    return {"marks": marks, "pairs": pairs}


def as_json(found: Sequence[Score]) -> str:
    """The scores as a list."""
    return json.dumps([asdict(score) for score in found], indent=1, ensure_ascii=False)


def _page(name: str, entries: Sequence[Entry], marks: Sequence[int], pairs: Sequence[tuple[int, ...]]) -> str:
    # Each video stands in the page once, by number; the questions refer to it.
    videos = list(dict.fromkeys(v for e in entries for v in (e.source, e.driving, e.result)))
    coded = json.dumps([base64.b64encode(v).decode() for v in videos])
    at = {video: i for i, video in enumerate(videos)}
    questions = [
        *(_mark(n, entries[i], at) for n, i in enumerate(marks)),
        *(_pair(n, entries[i], entries[j], at) for n, (i, j) in enumerate(pairs)),
    ]
    body = f"""<h1>What do you think of these videos?</h1>
<p>Each question shows results of computer programs that make one subject move as another does. There are no right
answers. What you choose is kept in this browser; when you are done, save it and send the file back.</p>
{"".join(questions)}
<p><button id='save' type='button'>Save my answers</button> <span id='left' class='dim'></span></p>"""
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Study</title>"
    style = f"<style>{STYLE}{OWN_STYLE}</style>"
    data = f"<script id='videos' type='application/json'>{coded}</script>"
    script = f"<script>{SCRIPT.replace('STUDY', json.dumps(name))}</script>"

    return f"<!doctype html>\n<html lang='en'><head>{head}{style}</head>\n<body>{body}{data}{script}</body></html>\n"


def _mark(number: int, entry: Entry, at: Mapping[bytes, int]) -> str:
    shown = _video_panes(
        ("the subject", at[entry.source]), ("driving", at[entry.driving]), ("result", at[entry.result])
    )
    asked = "".join(
        f"<p>{question} {_choices(f'mark-{number}-{aspect}', {str(v): str(v) for v in range(1, 6)})}</p>"
        for aspect, question in QUESTIONS.items()
    )
    return f"<fieldset data-kind='mark'>{shown}{asked}</fieldset>"


def _pair(number: int, left: Entry, right: Entry, at: Mapping[bytes, int]) -> str:
    rows = (("the subject", at[left.source]), ("driving", at[left.driving]))
    shown = _video_panes(*rows, ("left", at[left.result]), ("right", at[right.result]))
    choice = _choices(f"pair-{number}", {"left": "left", "right": "right"})
    return f"<fieldset data-kind='pair'>{shown}<p>Which result is better? {choice}</p></fieldset>"


def _video_panes(*videos: tuple[str, int]) -> str:
    cells = [
        f"<figure><video data-video='{index}' autoplay loop muted playsinline></video>"
        f"<figcaption>{caption}</figcaption></figure>"
        for caption, index in videos
    ]
    return f"<div class='row'>{''.join(cells)}</div>"


def _choices(name: str, values: Mapping[str, str]) -> str:
    return " ".join(f"<label><input type='radio' name='{name}' value='{v}'> {t}</label>" for v, t in values.items())


OWN_STYLE = """
fieldset { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; } label { margin-right: 0.75rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } .row figure { margin: 0; } .row video { width: 12rem; }
"""
SCRIPT = """
const study = STUDY, store = "study-" + study;
const videos = JSON.parse(document.getElementById("videos").textContent);
for (const v of document.querySelectorAll("video")) v.src = "data:video/mp4;base64," + videos[v.dataset.video];
const inputs = [...document.querySelectorAll("input")];
const names = new Set(inputs.map(i => i.name));
let chosen = {};
try { chosen = JSON.parse(localStorage.getItem(store) || "{}"); } catch (e) { chosen = {}; }
for (const i of inputs) i.checked = chosen[i.name] === i.value;
function count() {
  const left = names.size - Object.keys(chosen).length;
  document.getElementById("left").textContent = left ? left + " of " + names.size + " questions left" : "all answered";
}
for (const i of inputs) i.addEventListener("change", () => {
  chosen[i.name] = i.value;
  try { localStorage.setItem(store, JSON.stringify(chosen)); } catch (e) { console.warn("answers are not kept", e); }
  count();
});
document.getElementById("save").addEventListener("click", () => {
  const answers = { study: study, marks: {}, pairs: {} };
  for (const [name, value] of Object.entries(chosen)) {
    const [kind, number, aspect] = name.split("-");
    if (kind === "pair") answers.pairs[number] = value;
    else (answers.marks[number] = answers.marks[number] || {})[aspect] = Number(value);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answers, null, 1)], { type: "application/json" }));
  link.download = "answers-" + study + ".json";
  link.click();
});
count();
"""

"""Lists of jobs: three forms, one meaning; a wrong line is named."""

import json
from pathlib import Path

import pytest

from muybridge.batches.jobs import Job, fingerprint_job, name_jobs, read_jobs
from muybridge.errors import InputError, UsageError


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for name in ("cat", "fox", "horse"):
        (tmp_path / f"{name}.mp4").write_bytes(name.encode())
    return tmp_path


def test_three_forms_of_one_list(clips: Path) -> None:
    (clips / "jobs.csv").write_text("a,b,preset,seed,set.shape.steps\ncat.mp4,fox.mp4,smoke,3,20\n")
    (clips / "jobs.jsonl").write_text(
        json.dumps({"a": "cat.mp4", "b": "fox.mp4", "preset": "smoke", "seed": 3, "set": {"shape.steps": 20}}) + "\n"
    )
    (clips / "jobs.yaml").write_text(
        "jobs:\n  - {a: cat.mp4, b: fox.mp4, preset: smoke, seed: 3, set: {shape.steps: 20}}\n"
    )
    one, two, three = (read_jobs(clips / f"jobs.{form}") for form in ("csv", "jsonl", "yaml"))
    assert one == two == three
    assert one[0].name == "cat-fox"
    assert one[0].options == {"preset": "smoke", "seed": 3, "set": {"shape.steps": 20}}
    assert Path(one[0].a).is_file()


def test_a_folder_is_paired_all_with_all(clips: Path) -> None:
    assert [job.name for job in read_jobs(clips)] == ["cat-fox", "cat-horse", "fox-horse"]


def test_names_are_told_apart() -> None:
    jobs = name_jobs([Job(a="x/cat.mp4", b="y/fox.mp4"), Job(a="z/cat.mp4", b="y/Fox.mp4")])
    assert [job.name for job in jobs] == ["cat-fox", "cat-Fox-2"]
    with pytest.raises(UsageError, match="two jobs are called same"):
        name_jobs([Job(name="same", a="a", b="b"), Job(name="same", a="a", b="c")])
    with pytest.raises(UsageError, match="cannot be a job's name"):
        name_jobs([Job(name="../x", a="a", b="b")])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("jobs.csv", "a,b,colour\ncat.mp4,fox.mp4,red\n", "line 2: colour"),
        ("jobs.csv", "a,b\ncat.mp4,\n", "line 2: a job has either a and b, or run and driving"),
        ("jobs.csv", "a,b\ncat.mp4,nobody.mp4\n", "there is no .*nobody.mp4"),
        ("jobs.csv", "a,b\ncat.mp4,fox.mp4,rest\n", "more values"),
        ("jobs.csv", "a,b\n", "lists no jobs"),
        ("jobs.csv", "a,b,mode\ncat.mp4,fox.mp4,relative\n", "mode is for something that follows"),
        ("jobs.jsonl", '{"a": 1', "line 1: no JSON"),
        ("jobs.jsonl", "[1]", "line 1: a job is a mapping"),
        ("jobs.yaml", "a: b: c", "is no YAML"),
        ("jobs.yaml", "just a word", "is no list of jobs"),
        ("jobs.txt", "cat.mp4 fox.mp4", "no list that is known"),
        ("jobs.json", "[" * 100_000, "is no YAML"),
    ],
)
def test_a_wrong_list_is_named_in_one_sentence(clips: Path, name: str, text: str, said: str) -> None:
    (clips / name).write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        read_jobs(clips / name)
    assert len(str(caught.value)) < 700


def test_a_fingerprint_is_of_contents_and_settings(clips: Path) -> None:
    job = Job(name="one", a=str(clips / "cat.mp4"), b=str(clips / "fox.mp4"))
    first = fingerprint_job(job)
    assert fingerprint_job(job.model_copy(update={"name": "other"})) == first
    assert fingerprint_job(job.model_copy(update={"seed": 1})) != first

    # Of ten thousand pairs, each clip is read once.
    known: dict[str, str] = {}
    assert fingerprint_job(job, known) == first
    assert set(known) == {job.a, job.b}
    assert fingerprint_job(job, dict.fromkeys(known, "other contents")) != first

    (clips / "copy.mp4").write_bytes(b"cat")
    assert fingerprint_job(job.model_copy(update={"a": str(clips / "copy.mp4")})) == first
    (clips / "cat.mp4").write_bytes(b"another cat")
    assert fingerprint_job(job) != first

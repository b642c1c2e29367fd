import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from muybridge.batches.jobs import Job
from muybridge.cli.options import AnimateFlags, FitFlags, RetargetFlags
from muybridge.errors import CheckpointError, MissingExtraError, MissingWeightsError, UsageError
from muybridge.inputs.driving import read_driving
from muybridge.jobs.options import FitOptions, PairOptions
from muybridge.jobs.pair_training import read_inputs
from muybridge.masks import Report, find, find_unchecked, label_parts
from muybridge.masks.motion import FlowWarp
from muybridge.masks.segmentation import find_by_segmentation, join_in_time
from muybridge.masks.segmenters import ANIMALS, FORMS, PASCAL, OnnxSegmenter, find_segmenter_file, form_of
from muybridge.output.options import AnimateOptions, RetargetOptions
from muybridge.studio import tasks
from muybridge.studio.schemas import Find
from muybridge.video import Clip, Timing, read
from tiny_segmenter import BLUE, GREEN, RED, save_classes, save_network

H, W, T = 96, 128, 5


def disc(y: float, x: float, r: float, h: int = H, w: int = W) -> np.ndarray:
    rows, columns = np.mgrid[:h, :w]
    return (rows - y) ** 2 + (columns - x) ** 2 <= r * r


def backdrop(h: int = H, w: int = W) -> np.ndarray:
    """Grey squares: no flat background, and nothing that the networks here would take for a subject."""
    rows, columns = np.mgrid[:h, :w]
    grey = np.where((rows // 7 + columns // 7) % 2 == 0, 70, 150)
    return np.repeat(grey[..., None], 3, 2).astype(np.uint8)


def as_clip(frames: list[np.ndarray]) -> Clip:
    pixels = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous()
    return Clip(pixels, Timing.constant(len(frames)))


def paint(frame: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.where(mask[..., None], np.array(colour, np.uint8), frame)


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / max((found | truth).sum(), 1))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def classes(cache: Path) -> Path:
    """A network of PASCAL's classes that takes what is red for a cat, green for a dog, and blue for a person."""
    return save_classes(cache / "deeplab-colours.onnx")


@pytest.fixture
def salient(cache: Path) -> Path:
    """A network of U2-Net's form for which red stands out."""
    return save_network(cache / "u2netp.onnx", np.array([[1.0, -1.0, -1.0]]), np.zeros(1), 32)


def two() -> tuple[Clip, np.ndarray, np.ndarray]:
    """A large cat on the left and a smaller person on the right, both walking: the clip and both truths."""
    cats = np.stack([disc(45, 35 + 2 * t, 24) for t in range(T)])
    people = np.stack([disc(60, 104 - t, 15) for t in range(T)])
    frames = [paint(paint(backdrop(), c, RED), p, BLUE) for c, p in zip(cats, people, strict=True)]
    return as_clip(frames), cats, people


def test_what_a_person_points_at_is_told_apart(classes: Path) -> None:
    """Each kind has its number; animals, whose species are mistaken for one another, have one."""
    cat, dog, person = disc(40, 30, 20), disc(40, 62, 14), disc(60, 104, 15)
    frame = backdrop()
    for mask, colour in ((cat, RED), (dog, GREEN), (person, BLUE)):
        frame = paint(frame, mask, colour)
    parts = label_parts(frame, OnnxSegmenter(classes))
    animal = 1 + min(PASCAL.index(label) for label in ANIMALS)
    assert set(np.unique(parts)) == {0, animal, 1 + PASCAL.index("person")}
    assert iou(parts == animal, cat | dog) > 0.9
    assert iou(parts == 1 + PASCAL.index("person"), person) > 0.9
    assert not label_parts(backdrop(), OnnxSegmenter(classes)).any()


def test_the_class_that_takes_most_is_taken_and_said(classes: Path) -> None:
    clip, cats, _ = two()
    found, report = find(clip)
    assert report.how == "segment"
    assert report.detail.startswith("cat (animals: cat 100%), by deeplab-colours.onnx, sha256 ")
    assert found.mattes is not None
    assert all(iou(m, c) > 0.9 for m, c in zip(found.mattes[:, 0].numpy() > 127, cats, strict=True))
    assert min(report.confidence) > 0.5


@pytest.mark.parametrize("choice", [{"subject": "person"}, {"box": (80.0, 40.0, 126.0, 80.0)}])
def test_a_name_or_a_box_chooses_among_several(classes: Path, choice: dict) -> None:
    clip, _, people = two()
    found, report = find(clip, **choice)
    assert report.how == "segment"
    assert found.mattes is not None
    assert all(iou(m, p) > 0.85 for m, p in zip(found.mattes[:, 0].numpy() > 127, people, strict=True))
    with pytest.raises(UsageError, match="'whale'") as raised:
        find(clip, subject="whale")
    assert "animal" in str(raised.value.hint)


def test_a_box_chooses_one_of_two_of_a_kind_and_it_is_followed(classes: Path) -> None:
    left = np.stack([disc(48, 24 + 4 * t, 14) for t in range(T)])
    right = np.stack([disc(48, 100 - 2 * t, 20) for t in range(T)])
    clip = as_clip([paint(backdrop(), a | b, GREEN) for a, b in zip(left, right, strict=True)])
    found, _ = find(clip, how="segment", box=(20.0, 30.0, 60.0, 66.0), frame=2)
    assert found.mattes is not None
    assert all(iou(m, a) > 0.85 for m, a in zip(found.mattes[:, 0].numpy() > 127, left, strict=True))


def test_a_box_round_the_only_subject_changes_nothing(classes: Path) -> None:
    body = np.stack([disc(48, 60 + 2 * t, 26) for t in range(T)])
    clip = as_clip([paint(backdrop(), b, GREEN) for b in body])
    alone, _ = find(clip, how="segment")
    boxed, _ = find(clip, how="segment", box=(0.0, 0.0, float(W), float(H)))
    assert alone.mattes is not None
    assert boxed.mattes is not None
    assert torch.equal(alone.mattes, boxed.mattes)


def test_a_body_that_is_taken_for_two_species_is_one_animal(classes: Path) -> None:
    body = disc(48, 64, 30)
    half = np.arange(W)[None] < 60
    clip = as_clip([paint(paint(backdrop(), body & half, RED), body & ~half, GREEN)] * 2)
    found, report = find(clip)
    assert "dog (animals: dog 60%, cat 40%)" in report.detail
    assert found.mattes is not None
    assert iou(found.mattes[0, 0].numpy() > 127, body) > 0.9
    named, _ = find(clip, subject="animal")
    assert named.mattes is not None
    assert torch.equal(named.mattes, found.mattes)


def test_a_body_of_which_it_is_unsure_which_animal_it_is_is_an_animal(cache: Path) -> None:
    """Three species share one body's pixels, so that none of them is more likely than not."""
    weights, bias = np.zeros((21, 3)), np.full(21, -20.0)
    bias[0] = 0
    for label in ("cow", "horse", "sheep"):
        weights[1 + PASCAL.index(label)] = (10, -10, -10)
        bias[1 + PASCAL.index(label)] = -12
    save_network(cache / "deeplab-unsure.onnx", weights, bias, 65)
    body = disc(48, 64, 28)
    found, report = find(as_clip([paint(backdrop(), body, RED)] * 2))
    assert report.how == "segment"
    assert found.mattes is not None
    assert iou(found.mattes[0, 0].numpy() > 127, body) > 0.9


def test_a_small_subject_is_looked_at_again_from_nearby(classes: Path) -> None:
    h, w = 360, 480
    truths = [disc(200, 150 + 3 * t, 17, h, w) for t in range(3)]
    found, report = find(as_clip([paint(backdrop(h, w), t, GREEN) for t in truths]))
    assert "3 of 3 frames looked at again from nearby" in report.detail
    assert found.mattes is not None
    assert all(iou(m, t) > 0.85 for m, t in zip(found.mattes[:, 0].numpy() > 127, truths, strict=True))


def test_a_frame_that_lost_the_subject_is_filled_in(classes: Path) -> None:
    body = disc(48, 64, 26)
    frames = [paint(backdrop(), body, GREEN) for _ in range(T)]
    frames[2] = paint(backdrop(), body, (120, 150, 120))  # too pale for the network
    found, report = find(as_clip(frames))
    assert report.empty == ()
    assert found.mattes is not None
    assert iou(found.mattes[2, 0].numpy() > 127, body) > 0.8


def test_several_frames_that_lost_it_are_filled_in_and_longer_ones_are_not(classes: Path) -> None:
    """It walks on while the network sees a part of it, or nothing, and is where it should be; what follows stays."""
    count = 24
    bodies = [disc(48, 30 + 2 * t, 22) for t in range(count)]
    frames = [paint(backdrop(), body, GREEN) for body in bodies]
    pale = (120, 150, 120)  # too pale for the network
    part = disc(48, 30 + 2 * 4, 8)
    frames[3] = paint(backdrop(), bodies[3], pale)
    frames[4] = paint(paint(backdrop(), bodies[4], pale), part, GREEN)
    frames[5] = paint(backdrop(), bodies[5], pale)
    for t in range(8, 18):
        frames[t] = paint(backdrop(), bodies[t], pale)
    found, report = find(as_clip(frames), how="segment")
    assert found.mattes is not None
    seen = found.mattes[:, 0].numpy() > 127
    assert all(iou(seen[t], bodies[t]) > 0.75 for t in (3, 4, 5))
    assert set(report.empty) >= set(range(9, 17))


def test_joining_leaves_a_still_clip_as_it_is() -> None:
    pictures = np.repeat(backdrop()[None], 3, 0)
    level = np.repeat(disc(48, 64, 20)[None].astype(np.float32), 3, 0)
    assert np.abs(join_in_time(level, FlowWarp(pictures)) - level).max() < 0.05


def test_what_the_network_does_not_know_is_found_by_colour_and_motion(classes: Path) -> None:
    yellow = [paint(backdrop(), disc(48, 50 + 4 * t, 22), (230, 220, 40)) for t in range(T)]
    _, report = find(as_clip(yellow))
    assert report.how == "colour"
    assert "the network deeplab-colours.onnx" in report.detail
    assert "saw nothing" in report.detail


def test_what_it_sees_on_few_frames_shows_the_other_way_where_to_begin(classes: Path) -> None:
    frames = [paint(backdrop(), disc(48, 40 + 3 * t, 20), (160, 150, 60)) for t in range(6)]
    frames[3] = paint(backdrop(), disc(48, 49, 20), GREEN)
    found = find_unchecked(as_clip(frames))
    assert found.how == "colour"
    assert "saw on frame 3: it saw the subject on 17% of the frames" in found.detail


def test_without_a_file_nothing_changes(cache: Path) -> None:
    assert find(two()[0])[1].how == "colour"
    with pytest.raises(MissingWeightsError, match=r"no segmentation network.s file") as raised:
        find(two()[0], how="segment")
    assert "fetch" in str(raised.value.hint)


def test_networks_of_what_stands_out_run_the_same_way(salient: Path) -> None:
    clip, cats, _ = two()
    for options in ({}, {"how": "segment", "weights": salient}, {"how": "saliency"}):
        found, report = find(clip, **options)
        assert report.how == options.get("how", "segment")
        assert "subject, by u2netp.onnx, sha256 " in report.detail
        assert found.mattes is not None
        assert iou(found.mattes[0, 0].numpy() > 127, cats[0]) > 0.85


def test_networks_of_classes_come_before_those_of_what_stands_out(classes: Path, salient: Path) -> None:
    assert find_segmenter_file() == classes
    assert find_segmenter_file(salient) == salient


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("deeplabv3_mnv2_pascal.onnx", "deeplab"),
        ("fcn-resnet50-11.onnx", "fcn"),
        ("u2net_human_seg.onnx", "u2net"),
        ("isnet-general-use.onnx", "isnet"),
        ("BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx", "birefnet"),
        ("bria-rmbg-2.0.onnx", "rmbg"),
        ("silueta.onnx", "u2net"),
    ],
)
def test_published_names_are_known(name: str, family: str) -> None:
    assert form_of(Path(name)).names[0] == family


def test_what_is_no_such_network_is_named(classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match="no known family"):
        form_of(Path("yolo.onnx"))
    thin = save_network(tmp_path / "deeplab-thin.onnx", np.zeros((3, 3)), np.zeros(3), 32)
    with pytest.raises(CheckpointError, match=r"gives \[1, 3, 32, 32\]"):
        find_by_segmentation(two()[0], OnnxSegmenter(thin))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError) as raised:
        find(two()[0], how="segment")
    assert "muybridge[segment]" in str(raised.value.hint)


@pytest.mark.parametrize(
    "options",
    [
        {"how": "segment", "rough": (0, torch.ones(H, W))},
        {"how": "threshold", "subject": "dog"},
        {"how": "segment", "box": (130.0, 0.0, 140.0, 9.0)},
        {"how": "segment", "box": (0.0, 0.0, 9.0, 9.0), "frame": 9},
        {"how": "colour", "weights": "file.onnx"},
    ],
)
def test_wrong_use_is_refused(classes: Path, options: dict) -> None:
    with pytest.raises(UsageError):
        find(two()[0], **options)


def test_both_videos_of_a_pair_are_told_apart_by_name(classes: Path) -> None:
    clip, cats, people = two()
    named = read_inputs([clip, clip], PairOptions(subjects=("cat", "person")), None)
    for each, truth in zip(named, (cats, people), strict=True):
        assert each.report.how == "segment"
        assert iou(each.clip.mattes[0, 0].numpy() > 127, truth[0]) > 0.9

    # Whoever names the first one only leaves the second one open.
    one = read_inputs([clip, clip], PairOptions(subjects=("person",)), None)
    assert [each.report.detail.split(",")[0].split()[0] for each in one] == ["person", "cat"]
    with pytest.raises(UsageError, match="2 inputs cannot have 3"):
        read_inputs([clip, clip], PairOptions(subjects=("cat", "cat", "dog")), None)


def test_the_subject_of_a_driving_video_is_named_too(classes: Path) -> None:
    clip, _, people = two()
    driving, _ = read_driving(clip, subject="person")
    assert isinstance(driving, Clip)
    assert iou(driving.mattes[0, 0].numpy() > 127, people[0]) > 0.9


def test_a_subject_is_reached_from_every_front_end(
    classes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flags = RetargetFlags(subject_a="cat", how="segment").options(RetargetOptions)
    assert (flags.subjects, flags.how) == (("cat", None), "segment")
    assert FitFlags(subject_b="dog").options(FitOptions).subjects == (None, "dog")
    assert AnimateFlags(subject="person").options(AnimateOptions).subject == "person"
    assert Job(a="a.mp4", b="b.mp4", subject_b="fox").options["subjects"] == [None, "fox"]
    assert Find(how="segment", subject="potted plant").subject == "potted plant"

    asked = {}
    clip, cats, _ = two()
    walkers = clip.with_masks(torch.from_numpy(cats[:, None]).float())
    monkeypatch.setattr(tasks, "read_stored_clip", lambda folder: two()[0])
    monkeypatch.setattr(tasks.api, "mask", lambda *given, **told: asked.update(told) or (walkers, make_found_report()))
    (tmp_path / "silhouettes").mkdir()
    (tmp_path / "silhouettes" / "report.json").write_text('{"corrected": []}')
    tasks.find_silhouettes({"folder": str(tmp_path), "how": "segment", "subject": "dog"}, print)
    assert (asked["how"], asked["subject"]) == ("segment", "dog")


def make_found_report() -> Report:
    return Report("segment", "dog", (), ())


def test_every_family_has_a_name_of_its_own() -> None:
    names = [name for form in FORMS for name in form.names]
    assert len(set(names)) == len(names)
    assert all(name == name.casefold() for name in names)


def test_real_animals_by_the_real_network(shared: Path) -> None:
    file = shared / "models" / "deeplabv3_mnv2_pascal.onnx"
    if not file.is_file():
        pytest.skip("needs the segmentation network in ../shared/models")
    scores = []
    for name in ("cat", "fox"):
        clip = read(shared / "data" / "videos" / f"{name}.mp4")[::12]
        truth = read(shared / "data" / "videos" / f"{name}-masks").pixels[::12, 0].numpy() > 127
        found, report = find(clip, how="segment", weights=file)
        assert report.how == "segment"
        assert found.mattes is not None
        scores += [np.mean([iou(m, t) for m, t in zip(found.mattes[:, 0].numpy() > 127, truth, strict=True)])]
    assert np.mean(scores) > 0.87

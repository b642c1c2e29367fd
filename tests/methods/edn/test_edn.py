"""EDN: what is drawn after what, what is judged, the face's residual, and that it learns."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from muybridge.engine import train
from muybridge.errors import InputError, MissingWeightsError, MuybridgeWarning, UsageError
from muybridge.landmarks import Landmarks, from_joints
from muybridge.losses import feature_matching, lsgan_discriminator, lsgan_generator, multiscale_l1, ssim_loss
from muybridge.method import Stage, Turn
from muybridge.methods.edn.config import EdnConfig
from muybridge.methods.edn.data import EdnData
from muybridge.methods.edn.method import Edn
from muybridge.methods.edn.model import to_network
from muybridge.puppets import SceneClips, scene
from muybridge.video import Clip

GENERATOR = {"width": 8, "blocks": 1, "downs": 1, "upsampling": "resize"}
JUDGE = {"width": 4, "layers": 2}
TINY: dict[str, Any] = {
    "size": 32,
    "aspect": 1.0,
    "generator": GENERATOR,
    "discriminator": JUDGE | {"scales": 2},
    "face": {"side": 32, "generator": GENERATOR, "discriminator": JUDGE | {"scales": 1}},
    "perceptual": "weight-free",
    "losses": {"ssim": 1.0},
    "frames": {"steps": 2, "batch": 2},
    "faces": {"steps": 2, "batch": 2},
}
FRAMES = Stage("frames", 2, 2)
FACES = Stage("faces", 2, 2)
CPU = torch.device("cpu")


def tiny(**changes: Any) -> Edn:
    torch.manual_seed(0)
    return Edn(EdnConfig.model_validate({**TINY, **changes}))


@pytest.fixture(scope="module")
def dancers() -> SceneClips:
    return scene("dancers", frames=8, size=96)


@pytest.fixture(scope="module")
def marks(dancers: SceneClips) -> list[Landmarks]:
    return [from_joints(j, dancers.joint_names, (96, 96)) for j in (dancers.joints_a, dancers.joints_b)]


@pytest.fixture
def data(dancers: SceneClips, marks: list[Landmarks]) -> EdnData:
    return tiny().prepare([dancers.a], landmarks=marks[:1])


def batch_of(data: EdnData, stage: Stage) -> dict[str, Tensor]:
    return data.batch(stage, torch.Generator().manual_seed(0), CPU)


def test_a_batch_is_two_frames_in_a_row(data: EdnData) -> None:
    batch = batch_of(data, Stage("frames", 1, 12))
    pixels = data.tracks[0].pixels.float() / 255
    seen = set()
    for pictures, labels in zip(batch["pictures"], batch["labels"], strict=True):
        (t,) = [t for t in range(1, len(pixels)) if torch.equal(pictures[1], pixels[t])]
        assert torch.equal(pictures[0], pixels[t - 1])
        assert torch.equal(labels, data.labels[0][t - 1 : t + 1])
        seen.add(t)
    assert len(seen) > 3


def test_the_second_frame_is_drawn_after_the_first_and_that_after_zeros(data: EdnData) -> None:
    method = tiny()
    asked: list[Tensor] = []
    method.generator.register_forward_pre_hook(lambda _, given: asked.append(given[0]))
    batch = batch_of(data, FRAMES)
    turns = method.turns(FRAMES, batch)
    next(turns)
    maps, before = asked[0][:, :25], asked[0][:, 25:]
    assert not bool(before.any())
    assert torch.equal(maps.argmax(1), batch["labels"][:, 0].long())
    assert torch.equal(asked[1][:, :25].argmax(1), batch["labels"][:, 1].long())
    assert torch.equal(asked[1][:, 25:], method.generate(maps, None))


def test_both_frames_are_judged_together_and_compared(data: EdnData) -> None:
    method = tiny()
    batch = batch_of(data, FRAMES)
    judged, taught = method.turns(FRAMES, batch)
    real = to_network(batch["pictures"])
    earlier, later = (method.draw_maps(batch["labels"][:, i], batch["people"]) for i in (0, 1))
    first = method.generate(earlier, None)
    second = method.generate(later, first)
    maps = torch.cat((earlier, later), 1)
    seen = method.discriminator(torch.cat((maps, real[:, 0], real[:, 1]), 1))
    shown = method.discriminator(torch.cat((maps, first, second), 1))

    assert torch.allclose(judged.total, lsgan_discriminator(seen, shown))
    assert torch.allclose(taught.losses["gan"], lsgan_generator(shown))
    assert torch.allclose(taught.losses["matching"], feature_matching(seen, shown))
    pairs = [((first + 1) / 2, batch["pictures"][:, 0]), ((second + 1) / 2, batch["pictures"][:, 1])]
    assert torch.allclose(taught.losses["multiscale"], sum(multiscale_l1(a, b) for a, b in pairs))
    assert torch.allclose(taught.losses["ssim"], sum(ssim_loss(a, b) for a, b in pairs), atol=1e-5)
    weights = (1, 40.0, 10.0, 1.0)
    terms = [taught.losses[name] for name in ("gan", "matching", "multiscale", "ssim")]
    assert torch.allclose(taught.total, sum(w * t for w, t in zip(weights, terms, strict=True)))


def test_the_face_is_what_was_drawn_and_a_residual(data: EdnData) -> None:
    method = tiny()
    batch = batch_of(data, FACES)
    torch.nn.init.normal_(method.refiner.out.weight, 0.0, 0.1)
    judged, taught = method.turns(FACES, batch)
    maps = [method.draw_maps(batch["labels"][:, i], batch["people"]) for i in (0, 1)]
    drawn = method.generate(maps[1], method.generate(maps[0], None)).detach()
    (labels, face, truth), _ = method.crop_faces(
        batch["labels"][:, 1], maps[1], drawn, to_network(batch["pictures"][:, 1])
    )
    made = face + method.refiner(torch.cat((labels, face), 1))
    seen = method.face_discriminator(torch.cat((labels, truth), 1))
    shown = method.face_discriminator(torch.cat((labels, made), 1))
    assert torch.allclose(judged.total, lsgan_discriminator(seen, shown))
    assert torch.allclose(taught.losses["gan"], lsgan_generator(shown))
    assert torch.allclose(taught.losses["multiscale"], multiscale_l1((made + 1) / 2, (truth + 1) / 2))

    taught.total.backward()
    assert all(p.grad is None for p in method.generator.parameters()), "the first stage's network stands still"


def test_a_face_is_left_as_it_is_until_something_was_learned_of_it(data: EdnData) -> None:
    method = tiny()
    labels = data.labels[0][:3]
    maps = method.draw_maps(labels, torch.zeros(3, dtype=torch.long))
    drawn = torch.rand(3, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(method.refine_faces(labels, maps, drawn), drawn)
        method.refiner.out.bias.fill_(0.1)
        changed = (method.refine_faces(labels, maps, drawn) - drawn).abs().amax(1) > 1e-6
        _, boxes = method.crop_faces(labels, drawn)
    for where, (top, bottom, left, right) in zip(changed, boxes.tolist(), strict=True):
        inside = torch.zeros(32, 32, dtype=torch.bool)
        inside[top:bottom, left:right] = True
        assert bool(where.any())
        assert not bool((where & ~inside).any())


def test_a_picture_without_a_face_stays_as_it_is(data: EdnData) -> None:
    method = tiny()
    torch.nn.init.ones_(method.refiner.out.bias)
    labels = torch.zeros_like(data.labels[0][:2])
    labels[1, 4:8, 10:20] = 2
    drawn = torch.zeros(2, 3, 32, 32)
    with torch.no_grad():
        made = method.refine_faces(labels, method.draw_maps(labels, torch.zeros(2, dtype=torch.long)), drawn)
    assert torch.equal(made[0], drawn[0])
    assert bool(made[1].any())


def test_each_result_is_drawn_after_the_one_before(dancers: SceneClips, marks: list[Landmarks], data: EdnData) -> None:
    method = tiny().eval()
    asked: list[Tensor] = []
    made: list[Tensor] = []
    method.generator.register_forward_hook(lambda _, given, found: (asked.append(given[0]), made.append(found))[0])
    list(method.animate(data, dancers.b, "a", landmarks=marks[1]).frames)
    assert len(asked) == len(dancers.b)
    assert not bool(asked[0][:, 25:].any())
    for before, given in zip(made, asked[1:], strict=False):
        assert torch.equal(given[:, 25:], before)


def test_two_people_are_told_apart(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny(people=2)
    data = method.prepare([dancers.a, dancers.b], landmarks=marks)
    again = EdnData.restore(data.tensors())
    assert [again.person(0), again.person(1)] == [0, 1]
    batch = data.batch(Stage("frames", 1, 16), torch.Generator().manual_seed(0), CPU)
    assert set(batch["people"].tolist()) == {0, 1}
    maps = method.draw_maps(batch["labels"][:, 0], batch["people"])
    assert maps.shape[1] == 27
    assert torch.equal(maps[:, 25:].amax((2, 3)).argmax(1), batch["people"])
    assert torch.equal(maps[:, 25:].amin((2, 3)), maps[:, 25:].amax((2, 3)))


def test_several_clips_of_one_person_are_said_to_be(dancers: SceneClips, marks: list[Landmarks]) -> None:
    with pytest.warns(MuybridgeWarning, match="one person"):
        data = tiny().prepare([dancers.a, dancers.a], landmarks=[marks[0], marks[0]])
    assert [data.person(0), data.person(1)] == [0, 0]
    with pytest.raises(UsageError, match="3 people"):
        tiny(people=3).prepare([dancers.a, dancers.b], landmarks=marks)


def hide(marks: Landmarks, rows: Any) -> Landmarks:
    confidence = marks.confidence.clone()
    confidence[rows] = 0
    return Landmarks(marks.points, confidence, marks.kind)


def test_without_faces_the_second_stage_is_refused(dancers: SceneClips, marks: list[Landmarks]) -> None:
    faceless = hide(marks[0], (slice(None), [0, 15, 16, 17, 18]))
    with pytest.raises(InputError, match="no face"):
        tiny().prepare([dancers.a], landmarks=[faceless])
    method = tiny(faces={"steps": 0})
    assert [stage.name for stage in method.stages()] == ["frames"]
    assert len(method.prepare([dancers.a], landmarks=[faceless]).pairs(0, faces=True)) == 0


def test_pairs_leave_out_frames_with_nobody(dancers: SceneClips, marks: list[Landmarks]) -> None:
    data = tiny().prepare([dancers.a], landmarks=[hide(marks[0], 3)])
    assert data.pairs(0, faces=False).tolist() == [1, 2, 5, 6, 7]
    with pytest.raises(InputError, match="in a row"):
        tiny().prepare([dancers.a], landmarks=[hide(marks[0], [1, 3, 5, 7])])


def test_somebody_else_cannot_be_drawn(dancers: SceneClips, marks: list[Landmarks], data: EdnData) -> None:
    method = tiny()
    with pytest.raises(UsageError, match="only whom it was trained on"):
        method.animate(data, dancers.b, dancers.b, landmarks=marks[1], source_landmarks=marks[1])
    with pytest.raises(UsageError, match="no use for sources"):
        method.animate(data, dancers.b, "a", landmarks=marks[1], sources=3)
    with pytest.raises(UsageError, match="no subject"):
        method.animate(data, dancers.b, "b", landmarks=marks[1])
    with pytest.raises(InputError, match="needs the landmarks"):
        method.animate(data, dancers.b, "a")


def test_a_result_in_the_frames_of_the_person(dancers: SceneClips, marks: list[Landmarks], data: EdnData) -> None:
    made = tiny().animate(data, dancers.b, "a", landmarks=marks[1], framed=True)
    assert made.size == (dancers.a.height, dancers.a.width)
    assert all(frame.shape == (4, *made.size) for frame in made.frames)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": 40, "generator": GENERATOR | {"downs": 4}}, "halved 4 times"),
        ({"face": TINY["face"] | {"side": 36, "generator": GENERATOR | {"downs": 3}}}, r"face\.side 36"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EdnConfig.model_validate(TINY | changes)


def test_vgg_is_asked_for_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch, data: EdnData) -> None:
    def absent(*_: Any) -> None:
        raise MissingWeightsError("no VGG-19 here")

    monkeypatch.setattr("muybridge.method.perceptual_choice.load_vgg19", absent)
    monkeypatch.setattr("muybridge.methods.edn.method.require_vgg19", absent)
    config, notes = Edn.resolve_config(EdnConfig.model_validate(TINY | {"perceptual": "auto", "losses": {}}))
    assert (config.perceptual, config.losses.ssim) == ("weight-free", 1.0)
    assert "no VGG-19 here" in notes[0]
    with pytest.raises(MissingWeightsError):
        Edn.require_weights(config.model_copy(update={"perceptual": "vgg19"}))

    method = tiny(perceptual="vgg19")
    asked: list[tuple[Tensor, Tensor]] = []

    def distance(a: Tensor, b: Tensor) -> Tensor:
        asked.append((a, b))
        return (a - b).abs().mean()

    monkeypatch.setattr(method, "_vgg", distance)
    batch = batch_of(data, FRAMES)
    _, taught = method.turns(FRAMES, batch)
    assert set(taught.losses) == {"gan", "matching", "perceptual"}
    assert torch.allclose(asked[0][1], batch["pictures"].flatten(0, 1))


def colours(turns: list[Turn]) -> float:
    return float(turns[1].losses["multiscale"].detach())


def test_it_learns_to_draw(dancers: SceneClips, marks: list[Landmarks]) -> None:
    pace = {"batch": 2, "lr": 2e-3, "decay": 0.5}
    method = tiny(frames={"steps": 60} | pace, faces={"steps": 20} | pace)
    data = method.prepare([dancers.a], landmarks=marks[:1])
    stages = {"frames": Stage("frames", 1, 8), "faces": Stage("faces", 1, 8)}
    batches = {name: batch_of(data, stage) for name, stage in stages.items()}
    before = colours(list(method.turns(stages["frames"], batches["frames"])))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(method, data, None, device="cpu", precision="float32", preview_seconds=1e9)
    with torch.no_grad():
        after = colours(list(method.turns(stages["frames"], batches["frames"])))
        refined = colours(list(method.turns(stages["faces"], batches["faces"])))
        method.refiner.out.weight.zero_()
        assert method.refiner.out.bias is not None
        method.refiner.out.bias.zero_()
        unrefined = colours(list(method.turns(stages["faces"], batches["faces"])))
    assert after < 0.6 * before
    assert refined < unrefined, "the face is nearer to the truth with its residual"


def test_the_clip_can_be_drawn_again(dancers: SceneClips, data: EdnData) -> None:
    made = tiny().animate(data, None).clip()
    assert isinstance(made, Clip)
    assert len(made) == len(dancers.a)

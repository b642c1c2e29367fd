"""A prepared subject is drawn as by the networks themselves, and in bfloat16 only where that is good enough."""

from typing import Any

import pytest
import torch
from tiny_tsnet import tiny
from torch import Tensor

from muybridge.methods.tsnet import prepared_subject
from muybridge.methods.tsnet.data import make_box_maps
from muybridge.methods.tsnet.method import Tsnet
from muybridge.methods.tsnet.prepared_subject import HALVES, PreparedSubject, References, draw_frames
from muybridge.picture_animator import EVERY


def labels_of(count: int, seed: int) -> Tensor:
    """Patches of labels before a background, so that boxes leave cells out."""
    drawn = torch.randint(1, 25, (count, 32, 32), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    drawn[:, :8] = 0
    drawn[:, :, 24 - seed :] = 0
    return drawn


def subject_of(method: Tsnet) -> References:
    """Three subject frames."""
    labels = labels_of(3, 1)
    rgb = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        pictures, maps, boxes = method.prepare_crops(rgb, labels, make_box_maps(labels))
        return References(method.encode(pictures, maps), boxes, pictures)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"combine": "matting"},
        {"branches": "transformation"},
        {"branches": "synthesis"},
        {"mask_aware": False},
        {"match_colours": False},
    ],
)
def test_in_float32_pictures_are_the_networks_own(changes: dict[str, Any]) -> None:
    method = tiny(**changes).eval()
    references = subject_of(method)
    labels = labels_of(5, 3)

    made = PreparedSubject(method, references, "float32").draw(labels)

    assert made.std() > 0.01
    torch.testing.assert_close(made, draw_frames(method, references, labels), atol=1e-4, rtol=0)


def test_bfloat16_is_near_and_leaves_the_networks_alone() -> None:
    method = tiny().eval()
    references = subject_of(method)
    labels = labels_of(4, 3)
    before = {name: p.clone() for name, p in method.state_dict().items()}

    plain = draw_frames(method, references, labels)
    made = PreparedSubject(method, references, "bfloat16").draw(labels)

    assert 0 < float((made - plain).abs().max()) < 0.1
    for name, p in method.state_dict().items():
        assert p.dtype == torch.float32
        assert torch.equal(p, before[name])


def test_what_is_not_good_enough_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One set of parts after the other, and then float32, on the very batch that shows it."""
    monkeypatch.setattr(prepared_subject, "computes_bfloat16", lambda _: True)
    looked: list[int] = []

    def refuse(result: Tensor, plain: Tensor) -> bool:
        assert result.shape == plain.shape
        looked.append(len(result))
        return False

    monkeypatch.setattr(prepared_subject, "is_good_enough", refuse)
    method = tiny().eval()
    references = subject_of(method)
    labels = labels_of(4, 3)

    subject = PreparedSubject(method, references)
    made = subject.draw(labels)

    assert looked == [3] * len(HALVES)
    torch.testing.assert_close(made, draw_frames(method, references, labels), atol=1e-4, rtol=0)
    subject.draw(labels)
    assert looked == [3] * len(HALVES)


def test_a_frame_is_compared_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_subject, "computes_bfloat16", lambda _: True)
    looked: list[int] = []

    def accept(result: Tensor, plain: Tensor) -> bool:
        looked.append(len(result))
        return True

    monkeypatch.setattr(prepared_subject, "is_good_enough", accept)
    method = tiny().eval()
    subject = PreparedSubject(method, subject_of(method))
    labels = labels_of(8, 3)
    for _ in range(2 * EVERY // 8 + 1):
        subject.draw(labels)

    assert looked == [3, 1, 1]

"""What every method shows that has pictures of what it found."""

from typing import Any

import pytest
import torch
from tiny_methods import build_with_data, clips, landmarks

from muybridge import catalogue
from muybridge.method import ExplainsItself

ABLE = [name for name in catalogue.names() if issubclass(catalogue.find(name), ExplainsItself)]


@pytest.mark.parametrize("name", ABLE)
def test_every_row_has_a_readable_picture_of_each_frame(name: str) -> None:
    method, data = build_with_data(name)
    for stage in method.stages():
        method.begin(stage, data, torch.Generator().manual_seed(0))
    method.eval()
    needs = method.card.needs
    driving = clips(needs)[1]
    given: dict[str, Any] = {"landmarks": landmarks()[1]} if needs == "landmarks" else {}
    assert isinstance(method, ExplainsItself)
    found = method.explain(data, driving, {"pair": "a", "landmarks": "a"}.get(needs), frames=3, **given)

    names = [each.name for each in found]
    assert len(set(names)) == len(names) >= 2
    for each in found:
        assert each.caption.endswith(".")
        assert len(each.rows) >= 2
        for label, pictures in each.rows.items():
            assert len(pictures) == 3, label
            for picture in pictures:
                assert min(picture.shape[1:]) >= 256, label
        # A row that shows the same whatever the frame would show nothing of it.
        assert any(not torch.equal(p[0], p[-1]) for p in each.rows.values() if p[0].shape == p[-1].shape)


def test_a_method_without_keypoints_is_not_able() -> None:
    assert {"jokr", "monkeynet", "fomm", "articulated", "tsnet"} <= set(ABLE)
    assert "cyclegan" not in ABLE

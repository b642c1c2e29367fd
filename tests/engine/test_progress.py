"""What a person sees of a training."""

import io
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console
from toy_method import make

from muybridge.engine import CallbackList, RichCallback, TensorBoardCallback, train
from muybridge.engine.callback import Summary
from muybridge.engine.progress import format_duration
from muybridge.engine.throughput import Throughput
from muybridge.errors import MissingExtraError
from muybridge.method import Stage

STAGES = (Stage("shape", 100, 4), Stage("texture", 50, 4, cost=2.0))


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    page = io.StringIO()
    return Console(file=page, force_terminal=terminal, width=100, color_system=None), page


def test_plain_lines_where_there_is_no_terminal() -> None:
    where, page = console(False)
    callback = RichCallback(where, quiet=1000)
    callback.on_start(STAGES, 20)
    callback.on_stage(STAGES[0])
    for step in (30, 40, 50):
        callback.on_step(STAGES[0], step, {"l1": 0.12345, "[b]": 2.0}, 2.0, 75.0)
    callback.on_stage(STAGES[1])
    callback.on_step(STAGES[1], 10, {"l1": 0.1}, 0.0, 0.0)
    callback.on_warning("no preview")
    callback.on_end(Summary(True, 150, 3725.0, {}, "cpu", "float32"))
    assert page.getvalue().splitlines() == [
        "resumed after 20 of 150 steps",
        "stage shape: 100 steps",
        "shape 30/100  (30/150 in all)  l1 0.1235  [b] 2  2 steps/s  1:15 left",
        "stage texture: 50 steps",
        "texture 10/50  (110/150 in all)  l1 0.1",
        "warning: no preview",
        "trained after 150 steps in 1:02:05 on cpu",
    ]


def test_a_bar_where_there_is_a_terminal() -> None:
    where, page = console(True)
    callback = RichCallback(where)
    method, data = make()
    train(method, data, device="cpu", precision="float32", log_every=1, callback=callback)
    said = page.getvalue()
    assert "texture" in said
    assert "18/18" in said
    assert "l1" in said
    assert callback.live is None
    assert said.rstrip().splitlines()[-1].endswith("on cpu")


def test_the_time_left_counts_all_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 5.0, 7.0, 9.0, 100.0, 104.0])
    monkeypatch.setattr("muybridge.engine.throughput.time.monotonic", lambda: next(now))
    pace = Throughput(STAGES)
    pace.begin(0)
    pace.tick()
    assert (pace.rate, pace.left(1)) == (0.0, 0.0)
    for _ in range(3):
        pace.tick()
    assert pace.step_seconds == 3.0
    assert pace.left(4) == 3.0 * (96 + 2 * 50)
    pace.begin(1)
    pace.tick()
    pace.tick()
    assert pace.left(2) == 4.0 * 48


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00")])
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_tensorboard_gets_losses_and_pictures(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    method, data = make()
    callback = CallbackList(TensorBoardCallback(tmp_path), RichCallback(console(False)[0]))
    train(method, data, device="cpu", precision="float32", log_every=3, callback=callback)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [e.step for e in events.Scalars("texture/l1")] == [15, 18]
    assert [e.step for e in events.Images("preview")] == [12, 18]


def test_tensorboard_missing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"muybridge\[tensorboard\]"):
        TensorBoardCallback(tmp_path)
    assert torch.is_tensor(torch.zeros(1))

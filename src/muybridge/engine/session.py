"""One sitting of a training, from its first step or the last checkpoint to where it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch

from muybridge.engine.batch_statistics import share_statistics
from muybridge.engine.callback import Callback, Summary
from muybridge.engine.cpu_tuning import thread_warning
from muybridge.engine.failures import kept_by
from muybridge.engine.interrupts import Interrupts
from muybridge.engine.losses import Losses
from muybridge.engine.machine import (
    Machine,
    split_batch,
    to_channels_last,
    use_channels_last,
)
from muybridge.engine.optimisers import build_optimisers, from_tensors, parameters, rate_factor, to_tensors
from muybridge.engine.previews import draw_preview
from muybridge.engine.randomness import reseed
from muybridge.engine.throughput import Clock, Throughput
from muybridge.engine.weights import gather_weights, load_weights
from muybridge.errors import (
    CheckpointError,
    MuybridgeError,
    Option,
    Sentence,
    TrainingError,
    UsageError,
)
from muybridge.method import Data, Method, Stage, Turn
from muybridge.run import Checkpoint, Run


class TrainingSession:
    """One sitting of a training: what `train` was asked for, and how far it is."""

    def __init__(
        self,
        method: Method[Any, Any],
        data: Data,
        run: Run | None,
        machine: Machine,
        seed: int,
        clocks: tuple[float, float],
        log_every: int,
        callback: Callback,
    ) -> None:
        self.method = method
        self.data = data
        self.run = run
        self.machine = machine
        self.seed = seed
        self.log_every = log_every
        self.callback = callback if machine.main else Callback()

        self.stages: tuple[Stage, ...] = tuple(split_batch(s, machine.count) for s in method.stages())
        self.index = self.step = 0
        self.optimisers: dict[str, torch.optim.Adam] = {}

        # What is told between two lines of the log.
        self.losses = Losses()
        self.shown: dict[str, float] = {}
        self.pace = Throughput(self.stages)

        self.began = time.monotonic()
        self.since_checkpoint = Clock(clocks[0])
        self.since_preview = Clock(clocks[1])
        self.since_shown = Clock(2.0)

    @property
    def done(self) -> int:
        return sum(s.steps for s in self.stages[: self.index]) + self.step

    @property
    def stage(self) -> Stage:
        return self.stages[self.index]

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def start(self, resumed: Run | None) -> None:
        """Place the method, restore what there is to resume, and open the run's record."""
        self.method.to(self.machine.device)
        use_channels_last(self.method)
        self.method.train()

        going_on = resumed is not None and (resumed.has_checkpoint or resumed.record.status != "prepared")
        if resumed is not None and going_on:
            self._restore(resumed.load_checkpoint())
            if self.machine.device.type == "cpu" and (warning := thread_warning(resumed.record.threads)):
                self.callback.on_warning(warning)

        # Only now, when the weights are final: the processes must start from the same ones.
        self.machine.broadcast_weights(self.method)
        self._describe()

        if not going_on:
            self._save()  # the first weights are random, and only here
        if self.run is not None:
            # The log may reach further than the checkpoint; those steps are done again.
            self.run.rewind(self.done)
            self.run.mark(status="training", reason=None)

    def _describe(self) -> None:
        if self.run is None:
            return
        if not self.run.has_data:
            self.run.save_data(self.data.tensors())

        device = str(self.machine.device)
        threads = torch.get_num_threads()
        self.run.mark(device=device, precision=self.machine.precision, threads=threads, seed=self.seed)

    def go(self, interrupts: Interrupts, stop_after: int | None) -> Summary:
        """All stages that are left."""

        # Counted from here, not from the beginning: the limit is on this call.
        last = None if stop_after is None else self.done + stop_after
        self.callback.on_start(self.stages, self.done)

        while self.index < len(self.stages) and self.done != last:
            if not self.stage.steps:
                self.index += 1
                continue
            self._open_stage()
            while self.step < self.stage.steps and self.done != last:
                self._step()
                self._look_up(interrupts)
            if self.step < self.stage.steps:
                break
            self._close_stage()

        finished = self.index == len(self.stages)
        if not finished:
            self._save()
        if self.run is not None:
            self.run.mark(status="finished" if finished else "interrupted", seconds=self.seconds)

        machine = self.machine
        # All wait here, so that none leaves while the first one still writes.
        machine.barrier()
        summary = Summary(finished, self.done, self.seconds, self.shown, str(machine.device), machine.precision)
        self.callback.on_end(summary)
        return summary

    def _open_stage(self) -> None:
        self.pace.begin(self.index)
        self.losses.clear()
        if self.step == 0:
            self.method.begin(self.stage, self.data, reseed(self.seed, self.index, 0))
            use_channels_last(self.method)
            self.machine.broadcast_weights(self.method)

        if self.step == 0 or not self.optimisers:
            self.optimisers = build_optimisers(self.method.groups(self.stage))
        self.callback.on_stage(self.stage)

    def _close_stage(self) -> None:
        self._preview()
        self.optimisers = {}
        self.method.zero_grad(set_to_none=True)
        self._save()
        self.index = self.index + 1
        self.step = 0

    def _step(self) -> None:
        stage = self.stage
        device = self.machine.device
        generator = reseed(self.seed, self.index, self.step + 1, self.machine.rank)
        batch = {}
        for name, t in self.data.batch(stage, generator, device).items():
            batch[name] = to_channels_last(t)

        # Each process sees a part of the batch, and batch norm is to see all of it.
        with share_statistics(self.method, self.machine.count):
            self._take_turns(self.method.turns(stage, batch))
        self.step += 1
        self.losses.steps += 1
        self.pace.tick()

    def _take_turns(self, turns: Iterator[Turn]) -> None:
        while True:
            with self.machine.autocast():
                turn = next(turns, None)
            if turn is None:
                break
            self._move(turn)
            self.losses.add(turn)
            del turn  # and with it the graph, before the next is built

    def _move(self, turn: Turn) -> None:
        if turn.group not in self.optimisers:
            raise UsageError(f"a turn of stage {self.stage.name} moves group {turn.group!r}, which groups() has not")

        optimiser = self.optimisers[turn.group]
        moved = parameters(optimiser)
        optimiser.param_groups[0]["lr"] = optimiser.defaults["lr"] * rate_factor(self.stage, self.step)

        optimiser.zero_grad(set_to_none=True)
        # Only towards the group: others get no gradient, and a graph that a later turn shares is not freed.
        torch.autograd.backward(turn.total, inputs=moved)

        self.machine.average_gradients(moved)
        optimiser.step()

    def _look_up(self, interrupts: Interrupts) -> None:
        """Between two steps: are the losses sound, is it time to log, draw or save, does anybody wish to stop?"""
        log_now = self.done % self.log_every == 0 or self.step == self.stage.steps
        if self.machine.device.type != "cpu" and not log_now:
            return  # an accelerator works ahead; asking it for values would make it wait

        # All processes must take the same way from here, whichever of them noticed something.
        broken = self.losses.broken()
        wished, save_now, stop = self.machine.any_process(interrupts.requested, self.since_checkpoint.due, bool(broken))

        if stop:
            raise TrainingError(
                f"{', '.join(broken) or 'a loss'} is not finite at step {self.step} of stage {self.stage.name}"
                f"{kept_by(self.run)}",
                Sentence("Lower the learning rate, or train with ", Option("precision", "float32"), "."),
            )
        try:
            self._tell(log_now)
        except KeyboardInterrupt:
            interrupts.requested = True  # all processes grant it together, at the next look

        if self.since_preview.due:
            self._preview()

        if wished or save_now:
            self._save()
        if wished:
            raise KeyboardInterrupt

    def _tell(self, log_now: bool) -> None:
        if log_now:
            self.shown = self.losses.means(self.machine)
            self.losses.clear()
            rates = {}
            for name, optimiser in self.optimisers.items():
                rates[name] = float(optimiser.param_groups[0]["lr"])

            self._log({"losses": self.shown, "rates": rates, "step_seconds": self.pace.step_seconds})
        elif not self.since_shown.due:
            return
        self.since_shown.reset()
        losses = self.shown if log_now else self.losses.means()
        # Between two lines of the log only this process's losses are shown: asking the others would cost a wait.
        self.callback.on_step(self.stage, self.step, losses, self.pace.rate, self.pace.left(self.step))

    def _log(self, line: dict[str, Any]) -> None:
        if self.run is not None:
            place = {"done": self.done, "stage": self.stage.name, "step": self.step, "seconds": round(self.seconds, 3)}
            self.run.log({**place, **line})

    def _preview(self) -> None:
        self.since_preview.reset()
        if not self.machine.main:
            return

        # A training is worth more than its pictures.
        try:
            picture = draw_preview(self.method, self.data, self.stage, self.machine)
        except Exception as e:
            self._warn(f"no preview after {self.done} steps: {type(e).__name__}: {e}")
            return
        try:
            path = None if self.run is None else self.run.save_preview(self.done, picture)
            self.callback.on_preview(self.done, picture, path)
        except (OSError, MuybridgeError) as e:
            self._warn(f"the preview after {self.done} steps was not kept: {e}")

    def _warn(self, message: str) -> None:
        self._log({"warning": message})
        self.callback.on_warning(message)

    def _save(self) -> None:
        self.since_checkpoint.reset()
        state = gather_weights(self.method, self.machine, kept_by(self.run))
        if self.run is not None:
            place = (self.index, self.stage.name, self.step, self.done, self.seconds)
            # A stage that is over goes on with none of them: what is stopped there must not keep them for ever.
            optimisers = self.optimisers if self.step < self.stage.steps else {}
            self.run.save_checkpoint(Checkpoint(*place, state, to_tensors(optimisers)))

    def _restore(self, checkpoint: Checkpoint) -> None:
        self.index = checkpoint.index
        self.step = checkpoint.step
        if self.index >= len(self.stages) or self.stage.name != checkpoint.stage or self.done != checkpoint.done:
            raise CheckpointError(
                f"the checkpoint is of step {checkpoint.step} of stage {checkpoint.stage}, not of these settings",
                "Resume with the settings of the run.",
            )

        load_weights(self.method, checkpoint.method)
        # The time of earlier sessions counts too.
        self.began -= checkpoint.seconds
        if self.step == self.stage.steps:
            self.index = self.index + 1
            self.step = 0
        elif self.step:
            self.optimisers = build_optimisers(self.method.groups(self.stage))
            from_tensors(self.optimisers, checkpoint.optimisers)

"""Recycle-GAN: unpaired translation with a look ahead (Bansal et al. 2018), of one pair of videos with silhouettes."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from muybridge.data.driving_video import Driving
from muybridge.data.pair import crop_pair
from muybridge.data.translation import cycle_figures, pair_sheet, result_frames, to_pictures, translation_job
from muybridge.losses import l1, lsgan_discriminator, lsgan_generator, mse
from muybridge.method import Animation, Batch, Card, Group, MeasuresItself, PairMethod, Stage, Turn
from muybridge.methods.recyclegan.config import RecycleGanConfig
from muybridge.methods.recyclegan.data import LENGTH, UnpairedWindows
from muybridge.methods.recyclegan.looking_ahead import ahead_figures, explain_figure
from muybridge.methods.recyclegan.presets import CARD
from muybridge.networks.history import FakeHistory
from muybridge.networks.translator import FramePredictor, Translator, make_discriminator
from muybridge.video import Clip


class RecycleGan(PairMethod[RecycleGanConfig, UnpairedWindows], MeasuresItself):
    """Two translators with their discriminators, and for each subject a predictor of its next frame from the last two.

    Pictures have four channels in [-1, 1]: RGB with 0 (mid grey) around the subject, and the silhouette.
    """

    card: ClassVar[Card] = CARD
    Config = RecycleGanConfig
    Data = UnpairedWindows
    takes_streamed_video = True

    def __init__(self, config: RecycleGanConfig) -> None:
        super().__init__(config)
        self.to_a = Translator(config.generator)
        self.to_b = Translator(config.generator)
        self.ahead_a = FramePredictor(config.predictor)
        self.ahead_b = FramePredictor(config.predictor)
        self.critic_a = make_discriminator(config.critic)
        self.critic_b = make_discriminator(config.critic)
        self.history_a = FakeHistory(config.history)
        self.history_b = FakeHistory(config.history)

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> UnpairedWindows:
        """Crop the two clips, A and B, to their subjects; `flip` and `plates` as `crop_pair` takes them."""
        c = self.config
        sizes: dict[str, Any] = {"length": LENGTH, "square": c.square, "follow_size": c.follow_size}
        a, b = crop_pair(clips, c.size, c.margin, method="recyclegan", **sizes, **options)
        return UnpairedWindows(a, b, c.augment)

    def stages(self) -> tuple[Stage, ...]:
        t = self.config.translate
        return (Stage("translate", t.steps, t.batch, t.decay),)

    def groups(self, stage: Stage) -> dict[str, Group]:
        lr = self.config.translate.lr
        made_by = (self.to_a, self.to_b, self.ahead_a, self.ahead_b)
        return {
            "generators": Group(list(nn.ModuleList(made_by).parameters()), lr),
            "critics": Group([*self.critic_a.parameters(), *self.critic_b.parameters()], lr),
        }

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """The objective for translators and predictors, then the discriminators on new and on older fakes."""
        w = self.config.losses
        frames_a = []
        frames_b = []
        for i in range(LENGTH):
            frames_a.append(to_pictures(batch[f"a{i}"]))
            frames_b.append(to_pictures(batch[f"b{i}"]))

        a = torch.cat(frames_a)
        b = torch.cat(frames_b)
        # All three frames of each window go through a translator together.
        made_b = self.to_b(a)
        made_a = self.to_a(b)
        a_next = a.chunk(LENGTH)[-1]
        b_next = b.chunk(LENGTH)[-1]
        losses = {
            # L_g, least squares
            "adversarial": lsgan_generator(self.critic_b(made_b)) + lsgan_generator(self.critic_a(made_a)),
            # L_tau: |x_{t+1} - P_X(x_{t-1}, x_t)|^2
            "recurrent": mse(_ahead(self.ahead_a, a), a_next) + mse(_ahead(self.ahead_b, b), b_next),
            # L_r: |x_{t+1} - G_X(P_Y(G_Y(x_{t-1}), G_Y(x_t)))|^2
            "recycle": mse(self.to_a(_ahead(self.ahead_b, made_b)), a_next)
            + mse(self.to_b(_ahead(self.ahead_a, made_a)), b_next),
        }
        if w.cycle:
            losses["cycle"] = l1(self.to_a(made_b), a) + l1(self.to_b(made_a), b)
        if w.identity:
            losses["identity"] = l1(self.to_a(a), a) + l1(self.to_b(b), b)

        yield Turn("generators", losses, w.model_dump())
        # Older fakes among the new ones keep a discriminator from forgetting what it once told apart.
        shown_a = self.history_a(made_a)
        shown_b = self.history_b(made_b)
        judged_a = lsgan_discriminator(self.critic_a(a), self.critic_a(shown_a))
        judged_b = lsgan_discriminator(self.critic_b(b), self.critic_b(shown_b))
        yield Turn("critics", {"critic_a": judged_a, "critic_b": judged_b})

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: UnpairedWindows, stage: Stage) -> Tensor:
        return pair_sheet(self.to_a, self.to_b, data, self.device)

    def animate(
        self, data: UnpairedWindows, driving: Driving | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """Each driving frame translated to the subject `source`; the predictors are for training alone. `affine` and
        the others as `translation_job` takes them, `full_frame` as `result_frames` does."""
        full_frame = bool(options.pop("full_frame", True))
        c = self.config
        way = translation_job(
            data, driving, source, method="recyclegan", margin=c.margin, follow_size=c.follow_size, **options
        )
        network = {"a": self.to_a, "b": self.to_b}[way.source]
        frames = result_frames(network, way, full_frame, self.device)
        size = way.look.frame if full_frame else way.look.canvas

        return Animation(frames, way.timing, size, way.notes, way.source)

    def measure_quality(self, data: UnpairedWindows) -> dict[str, float]:
        """Figures that need no truth; see `cycle_figures` and `ahead_figures`."""
        figures = cycle_figures(self.to_a, self.to_b, data, self.device)
        networks = {"a": (self.to_a, self.ahead_a), "b": (self.to_b, self.ahead_b)}
        return figures | ahead_figures(networks, data, self.device)

    @staticmethod
    def explain_figure(name: str) -> str:
        return explain_figure(name)


def _ahead(predictor: nn.Module, frames: Tensor) -> Tensor:
    """The last third of a stack of three frames, predicted from the two before."""
    before, now, _ = frames.chunk(LENGTH)
    return predictor(before, now)

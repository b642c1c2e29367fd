"""CycleGAN: unpaired translation, frame by frame (Zhu et al. 2017), of one pair of videos with silhouettes."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from torch import Tensor

from muybridge.data.driving_video import Driving
from muybridge.data.pair import crop_pair
from muybridge.data.translation import EXPLAINED, cycle_figures, pair_sheet, result_frames, to_pictures, translation_job
from muybridge.losses import l1, lsgan_discriminator, lsgan_generator
from muybridge.method import Animation, Batch, Card, Group, MeasuresItself, PairMethod, Stage, Turn
from muybridge.methods.cyclegan.config import CycleGanConfig
from muybridge.methods.cyclegan.data import UnpairedFrames
from muybridge.methods.cyclegan.presets import CARD
from muybridge.networks.history import FakeHistory
from muybridge.networks.translator import Translator, make_discriminator
from muybridge.video import Clip


class CycleGan(PairMethod[CycleGanConfig, UnpairedFrames], MeasuresItself):
    """Two translators, a to b and b to a, each judged by a discriminator of its target.

    Pictures have four channels in [-1, 1]: RGB with 0 (mid grey) around the subject, and the silhouette.
    """

    card: ClassVar[Card] = CARD
    Config = CycleGanConfig
    Data = UnpairedFrames
    takes_streamed_video = True

    def __init__(self, config: CycleGanConfig) -> None:
        super().__init__(config)
        self.to_a = Translator(config.generator)
        self.to_b = Translator(config.generator)
        self.critic_a = make_discriminator(config.critic)
        self.critic_b = make_discriminator(config.critic)
        self.history_a = FakeHistory(config.history)
        self.history_b = FakeHistory(config.history)

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> UnpairedFrames:
        """Crop the two clips, A and B, to their subjects; `flip` and `plates` as `crop_pair` takes them."""
        c = self.config
        a, b = crop_pair(
            clips, c.size, c.margin, method="cyclegan", square=c.square, follow_size=c.follow_size, **options
        )
        return UnpairedFrames(a, b, c.augment)

    def stages(self) -> tuple[Stage, ...]:
        t = self.config.translate
        return (Stage("translate", t.steps, t.batch, t.decay),)

    def groups(self, stage: Stage) -> dict[str, Group]:
        lr = self.config.translate.lr
        return {
            "generators": Group([*self.to_a.parameters(), *self.to_b.parameters()], lr),
            "critics": Group([*self.critic_a.parameters(), *self.critic_b.parameters()], lr),
        }

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Eq. 3 for both translators, then the discriminators on new and on older fakes."""
        w = self.config.losses
        a = to_pictures(batch["a"])
        b = to_pictures(batch["b"])
        made_b = self.to_b(a)
        made_a = self.to_a(b)
        losses = {
            # eq. 1, least squares
            "adversarial": lsgan_generator(self.critic_b(made_b)) + lsgan_generator(self.critic_a(made_a)),
            # eq. 2
            "cycle": l1(self.to_a(made_b), a) + l1(self.to_b(made_a), b),
        }
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

    def preview(self, data: UnpairedFrames, stage: Stage) -> Tensor:
        return pair_sheet(self.to_a, self.to_b, data, self.device)

    def animate(
        self, data: UnpairedFrames, driving: Driving | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """Each driving frame translated to the subject `source`; `affine` and the others as `translation_job` takes
        them, `full_frame` as `result_frames` does."""
        full_frame = bool(options.pop("full_frame", True))
        c = self.config
        way = translation_job(
            data, driving, source, method="cyclegan", margin=c.margin, follow_size=c.follow_size, **options
        )
        network = {"a": self.to_a, "b": self.to_b}[way.source]
        frames = result_frames(network, way, full_frame, self.device)
        size = way.look.frame if full_frame else way.look.canvas

        return Animation(frames, way.timing, size, way.notes, way.source)

    def measure_quality(self, data: UnpairedFrames) -> dict[str, float]:
        """Figures that need no truth; see `cycle_figures`."""
        return cycle_figures(self.to_a, self.to_b, data, self.device)

    @staticmethod
    def explain_figure(name: str) -> str:
        """What a figure of `measure_quality` means; "" where it is not one."""
        figure, _, side = name.rpartition("_")
        return f"{side}: {EXPLAINED[figure]}" if figure in EXPLAINED else ""

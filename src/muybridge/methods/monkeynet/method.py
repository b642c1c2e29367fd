"""Monkey-Net: animating arbitrary objects via deep motion transfer (Siarohin et al. 2019)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from muybridge.errors import Option, Sentence, UsageError
from muybridge.geometry import moment_gaussians
from muybridge.losses import l1, lsgan_discriminator, lsgan_generator
from muybridge.method import (
    Animation,
    Batch,
    Card,
    ExportsNetworks,
    Group,
    ImportsCheckpoints,
    PictureMethod,
    PredictsVideos,
    Stage,
    Turn,
)
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.data import MonkeyNetData, prepare_clips
from muybridge.methods.monkeynet.embedding import Keypoints, draw_keypoint_maps, scaled_size
from muybridge.methods.monkeynet.networks import Drawing, Generator, KeypointDetector, KeypointGru, Networks
from muybridge.methods.monkeynet.prediction import keypoints_of, numbers_of
from muybridge.methods.monkeynet.presets import CARD
from muybridge.methods.monkeynet.released import import_released, is_released
from muybridge.methods.monkeynet.transfer import movement_scale, transfer
from muybridge.networks import BlockDiscriminator, OnnxPart, make_exportable, split_for_onnx
from muybridge.picture_animator import BATCH, PairPreview, PictureAnimator, Precision
from muybridge.tensors import Images
from muybridge.video import Clip, Timing, contact_sheet


class MonkeyNet(
    PictureMethod[MonkeyNetConfig, MonkeyNetData, Keypoints], PredictsVideos, ExportsNetworks, ImportsCheckpoints
):
    """A still image follows a driving video: keypoints with covariances, a dense flow between two frames of one clip,
    and a generator that warps the first into the second. All of it is learnt from videos of one kind of object.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = MonkeyNetConfig
    Data = MonkeyNetData
    modes: ClassVar[tuple[str, ...]] = ("relative", "standard")
    motion_options: ClassVar[Mapping[str, bool]] = {"scale": False, "adapt_covariances": False, "inside": False}

    def __init__(self, config: MonkeyNetConfig) -> None:
        super().__init__(config)
        k = config.keypoints
        self.detector = KeypointDetector(k, config.detector)
        self.generator = Generator(k, config.generator, config.motion, config.align_corners)
        c = config.critic
        self.critic = BlockDiscriminator(3 if c.bumps is None else 3 + k, c.width, c.max_width, c.blocks)
        p = config.prediction
        self.gru = KeypointGru(k * (5 if p.covariances else 2), p.hidden, p.layers) if p.steps else None

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> MonkeyNetData:
        """Clips of one kind of object, each of two frames or more; InputError says which is not."""
        return prepare_clips(clips, self.config, **options)

    def stages(self) -> tuple[Stage, ...]:
        """`learn`: the networks. `prediction`: the GRU of image to video, where it has steps."""
        learn = self.config.learn
        p = self.config.prediction
        stages = [Stage("learn", learn.steps, learn.batch, learn.decay, learn.drops)]
        if p.steps:
            stages.append(Stage("prediction", p.steps, p.batch, p.decay, p.drops))
        return tuple(stages)

    def groups(self, stage: Stage) -> dict[str, Group]:
        """The networks against the discriminator; then the GRU alone."""
        if stage.name == "prediction":
            return {"gru": Group(_parameters(self.gru), self.config.prediction.lr, (0.9, 0.999))}
        lr = self.config.learn.lr
        return {
            "networks": Group(_parameters(self.detector, self.generator), lr),
            "critic": Group(_parameters(self.critic), self.config.critic.lr or lr),
        }

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """Section 3.5, or the GRU's."""
        return self._predict(batch) if stage.name == "prediction" else self._learn(batch)

    def _learn(self, batch: Batch) -> Iterator[Turn]:
        """The detector, M and G against D, then D."""
        source = batch["source"]
        driving = batch["driving"]
        _, points, made = self.reconstruction(source, driving)
        yield Turn("networks", self.generator_losses(driving, points, made), self._weights())
        # The pictures and keypoints as they were before the networks moved (docs/methods/monkeynet.md, Losses).
        real = self._judge(driving, points.detach())
        fake = self._judge(made.picture.detach(), points.detach())
        # Twice the half of Mao et al.: eq. 5 has no factor.
        yield Turn("critic", {"critic": 2 * lsgan_discriminator([real], [fake])})

    def reconstruction(self, source: Images, driving: Images) -> tuple[Keypoints, Keypoints, Drawing]:
        """The driving frame made from the source and both keypoints; both are detected in one forward, so that they
        share the statistics of batch norm (docs/methods/monkeynet.md, Losses)."""
        found = self.detector(torch.cat((source, driving))).keypoints
        a = found.at(slice(len(source)))
        b = found.at(slice(len(source), None))
        return a, b, self.generator(self.generator.levels(source), a, b)

    def generator_losses(self, driving: Images, points: Keypoints, made: Drawing) -> dict[str, Tensor]:
        """Eq. 5 and 6, unweighted: `gan`, `matching 0` for D's input, `matching 1` for its first block, ..."""
        w = self.config.losses
        seen = points if w.through_keypoints else points.detach()
        fake = self._judge(made.picture, seen)
        # The true picture is fixed: only through the keypoints drawn beside it can anything be learnt.
        with torch.set_grad_enabled(w.through_keypoints and torch.is_grad_enabled()):
            real = self._judge(driving, seen)

        # The picture itself is the first layer that is compared, the score is none.
        losses = {"gan": lsgan_generator([fake])}
        pairs = zip((driving, *real[:-1]), (made.picture, *fake[:-1]), strict=True)
        for i, ((x, y), weight) in enumerate(zip(pairs, w.matching, strict=True)):
            if weight:
                losses[f"matching {i}"] = l1(y, x)

        if w.deformed:
            losses["deformed"] = l1(made.deformed, driving)

        return losses

    def _weights(self) -> dict[str, float]:
        w = self.config.losses
        return {"gan": w.gan, "deformed": w.deformed} | {f"matching {i}": x for i, x in enumerate(w.matching)}

    def _judge(self, pictures: Images, points: Keypoints) -> list[Tensor]:
        """D's features of pictures, with the maps H' of where the keypoints are (eq. 5)."""
        bumps = self.config.critic.bumps
        if bumps is None:
            return self.critic(pictures)
        maps = draw_keypoint_maps(points, scaled_size((pictures.shape[2], pictures.shape[3]), bumps.scale), bumps)
        return self.critic(torch.cat((pictures, maps.to(pictures.dtype)), dim=1))

    def _predict(self, batch: Batch) -> Iterator[Turn]:
        """L1 between the keypoints of a sequence and what the GRU makes of its first ones (appendix A)."""
        frames = batch["frames"]
        p = self.config.prediction
        assert self.gru is not None

        with inference(self):
            found = self.detector(frames.flatten(0, 1)).keypoints
            rows = numbers_of(found, p.covariances).unflatten(0, frames.shape[:2])

        noise = p.noise * torch.randn_like(rows) if p.noise else None
        told = self.gru(rows[:, 0], rows.shape[1], noise)
        yield Turn("gru", {"l1": (told[:, 1:] - rows[:, 1:]).abs().mean()})

    # -- what comes out -------------------------------------------------------------------------------------------

    @property
    def default_mode(self) -> str:
        """How motion is carried over unless somebody asks for another way."""
        return "relative" if self.config.relative else "standard"

    def open_source(self, source: Clip, precision: Precision) -> PictureAnimator[Keypoints]:
        behind = ("generator.decoder", "generator.refinements", "generator.out")
        halves = (behind,) if self.generator.motion is None else ((*behind, "generator.motion"), behind)
        return PictureAnimator(Networks(self.detector, self.generator), source, self.config.size, halves, precision)

    def move_pose(
        self, mode: str, source: Keypoints, driving: Keypoints, reference: Keypoints, options: Mapping[str, bool]
    ) -> Keypoints:
        """Eq. 7, or the driving keypoints as they are.

        scale              movements as much larger as the source is larger than the driving subject
        adapt_covariances  the source's covariances, changed as the driving ones; False: the driving ones, as in the
                           paper
        inside             keep keypoints in the picture
        """
        relative = mode == "relative"
        return transfer(
            source,
            driving,
            reference,
            relative=relative,
            scale=movement_scale(source, reference) if options["scale"] and relative else 1.0,
            adapt_covariances=options["adapt_covariances"],
            inside=options["inside"],
        )

    def predict(
        self,
        data: MonkeyNetData | None,
        source: Clip,
        frames: int = 32,
        generator: torch.Generator | None = None,
        batch: int = BATCH,
    ) -> Animation:
        """Image to video: the first frame of `source`, and how it might go on (section 4).

        data       not needed; stands here as in `animate`
        frames     how many, the given one included
        generator  draws one of the possible outcomes; None gives the likeliest
        Raises UsageError where no GRU was trained.
        """
        if self.gru is None:
            raise UsageError(
                "this run has learnt no image to video: its prediction stage has no steps",
                Sentence("Train with: ", Option("set", {"prediction.steps": 4000})),
            )
        if frames < 1:
            raise UsageError(f"a video has at least one frame, not {frames}")

        p = self.config.prediction
        animator = self.open_source(source, "auto")
        start = numbers_of(animator.pose, p.covariances).float()
        noise = None
        if generator is not None and p.noise:
            noise = (p.noise * torch.randn(1, frames, start.shape[1], generator=generator)).to(start)
        # The likeliest way goes without noise; a generator draws another.
        with inference(self):
            rows = self.gru(start, frames, noise)[0]
            points = keypoints_of(rows, animator.pose, p.covariances)

        def drawn() -> Iterator[Tensor]:
            for first in range(0, frames, batch):
                yield from animator.frames(points.at(slice(first, first + batch)))

        # A single picture has no rate of its own.
        rate = source.timing.rate if len(source) > 1 else 25
        return Animation(drawn(), Timing.constant(frames, rate), animator.size)

    def preview(self, data: MonkeyNetData, stage: Stage) -> Tensor:
        """As for all pictures; in the prediction stage a clip's frames and those that the GRU makes of its first."""
        with inference(self):
            return self._preview_prediction(data) if stage.name == "prediction" else super().preview(data, stage)

    def _preview_prediction(self, data: MonkeyNetData) -> Tensor:
        count = self.config.prediction.frames
        frames = data.clip(0)
        chosen = torch.linspace(0, count - 1, 6).long()
        predicted = self.predict(data, Clip(frames[:1], Timing.constant(1)), count).clip()
        real = frames[chosen.clamp(max=len(frames) - 1)]
        return contact_sheet({"clip": real, "predicted": predicted.pixels[chosen]}, columns=6)

    def show_pair(self, source: Images, driving: Images) -> PairPreview:
        at, to, made = self.reconstruction(source, driving)
        size = (driving.shape[2], driving.shape[3])
        motion = made.motion
        return PairPreview(
            source=at.means,
            driving=to.means,
            made=made.picture,
            moved=made.deformed,
            occlusion=None,
            maps=moment_gaussians(to.means, to.covariances, size),
            shares=None if motion is None else motion.masks,
            grid=None if motion is None else motion.flow,
        )

    def onnx_parts(self, data: Any = None) -> dict[str, OnnxPart]:
        """The files of a run, by name.

        detector   images [B, 3, S, S] in [0, 1] -> points [B, K, 2], covariances [B, K, 2, 2]
        generator  source [B, 3, S, S], its points and covariances, those to bring it to -> picture [B, 3, S, S]
        """
        networks = make_exportable(Networks(self.detector, self.generator))
        return split_for_onnx(networks, self.config.size, Keypoints, ("points", "covariances"))

    @staticmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[MonkeyNetConfig, dict[str, Tensor], int]:
        """See `released.read_released`; image to video is not in the authors' files."""
        return import_released(path, options)

    @staticmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        return is_released(table)


@contextmanager
def inference(method: nn.Module) -> Iterator[None]:
    """no_grad and evaluation mode, put back afterwards."""
    training = method.training
    method.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        method.train(training)


def _parameters(*networks: nn.Module | None) -> list[nn.Parameter]:
    found: list[nn.Parameter] = []
    for network in networks:
        if network is not None:
            found += network.parameters()

    return found

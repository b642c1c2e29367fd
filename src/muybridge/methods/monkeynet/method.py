"""Monkey-Net: animating arbitrary objects via deep motion transfer (Siarohin et al. 2019)."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from muybridge.losses import l1, lsgan_discriminator, lsgan_generator
from muybridge.method import Animation, Batch, Card, Group, Method, Stage, Turn
from muybridge.methods.monkeynet.animating import (
    MODES,
    animate,
    inference,
    nearest_frame,
    predict,
    preview,
    reconstruct,
    stream,
)
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.data import MonkeyNetData, prepared
from muybridge.methods.monkeynet.embedding import Keypoints, drawn, scaled_size
from muybridge.methods.monkeynet.exporting import onnx_parts
from muybridge.methods.monkeynet.importing import imported
from muybridge.methods.monkeynet.networks import Drawing, Generator, KeypointDetector, KeypointGru
from muybridge.methods.monkeynet.prediction import numbers_of
from muybridge.methods.monkeynet.presets import CARD
from muybridge.methods.monkeynet.released import is_released
from muybridge.networks import BlockDiscriminator
from muybridge.tensors import Images
from muybridge.video import Clip


class MonkeyNet(Method[MonkeyNetConfig, MonkeyNetData]):
    """A still image follows a driving video: keypoints with covariances, a dense flow between two frames of one clip,
    and a generator that warps the first into the second. All of it is learnt from videos of one kind of object.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = MonkeyNetConfig
    Data = MonkeyNetData
    modes: ClassVar[tuple[str, ...]] = MODES

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
        return prepared(clips, self.config, **options)

    def stages(self) -> tuple[Stage, ...]:
        """`learn`: the networks. `prediction`: the GRU of image to video, where it has steps."""
        learn, p = self.config.learn, self.config.prediction
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
        source, driving = batch["source"], batch["driving"]
        _, points, made = self.reconstruction(source, driving)
        yield Turn("networks", self.generator_losses(driving, points, made), self._weights())
        # The pictures and keypoints as they were before the networks moved (facts: losses).
        real = self._judged(driving, points.detach())
        fake = self._judged(made.picture.detach(), points.detach())
        # Twice the half of Mao et al.: eq. 5 has no factor.
        yield Turn("critic", {"critic": 2 * lsgan_discriminator([real], [fake])})

    def reconstruction(self, source: Images, driving: Images) -> tuple[Keypoints, Keypoints, Drawing]:
        """The driving frame made from the source and both keypoints; both are detected in one forward, so that they
        share the statistics of batch norm (facts: losses)."""
        found = self.detector(torch.cat((source, driving))).keypoints
        a, b = found.at(slice(len(source))), found.at(slice(len(source), None))
        return a, b, self.generator(self.generator.levels(source), a, b)

    def generator_losses(self, driving: Images, points: Keypoints, made: Drawing) -> dict[str, Tensor]:
        """Eq. 5 and 6, unweighted: `gan`, `matching 0` for D's input, `matching 1` for its first block, ..."""
        w = self.config.losses
        seen = points if w.through_keypoints else points.detach()
        fake = self._judged(made.picture, seen)
        with torch.set_grad_enabled(w.through_keypoints and torch.is_grad_enabled()):
            real = self._judged(driving, seen)
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

    def _judged(self, pictures: Images, points: Keypoints) -> list[Tensor]:
        """D's features of pictures, with the maps H' of where the keypoints are (eq. 5)."""
        bumps = self.config.critic.bumps
        if bumps is None:
            return self.critic(pictures)
        maps = drawn(points, scaled_size((pictures.shape[2], pictures.shape[3]), bumps.scale), bumps)
        return self.critic(torch.cat((pictures, maps.to(pictures.dtype)), dim=1))

    def _predict(self, batch: Batch) -> Iterator[Turn]:
        """L1 between the keypoints of a sequence and what the GRU makes of its first ones (appendix A)."""
        frames, p = batch["frames"], self.config.prediction
        assert self.gru is not None
        with inference(self):
            found = self.detector(frames.flatten(0, 1)).keypoints
            rows = numbers_of(found, p.covariances).unflatten(0, frames.shape[:2])
        noise = p.noise * torch.randn_like(rows) if p.noise else None
        told = self.gru(rows[:, 0], rows.shape[1], noise)
        yield Turn("gru", {"l1": (told[:, 1:] - rows[:, 1:]).abs().mean()})

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: MonkeyNetData, stage: Stage) -> Tensor:
        return preview(self, data, stage)

    @property
    def default_mode(self) -> str:
        """How motion is carried over unless somebody asks for another way."""
        return "relative" if self.config.relative else "standard"

    def animate(
        self, data: MonkeyNetData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The picture `source` moving as `driving` does; see `animating.animate`."""
        return animate(self, driving, source, **options)

    # What the verbs of the API find here, where a method has it.
    stream = stream
    nearest_frame = nearest_frame
    reconstruct = reconstruct
    predict = predict
    onnx_parts = onnx_parts
    imported = staticmethod(imported)
    recognises = staticmethod(is_released)


def _parameters(*networks: nn.Module | None) -> list[nn.Parameter]:
    return [p for network in networks if network is not None for p in network.parameters()]

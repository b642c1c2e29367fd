"""JOKR: joint keypoint representation for motion retargeting from one pair of videos (Mokady et al. 2021)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.pair import SIDES
from muybridge.errors import UsageError
from muybridge.geometry import apply_affine, gaussians, invert_affine, normal_gaussians, released_gaussians, warp_affine
from muybridge.losses import (
    bce,
    coverage,
    energy_distance,
    equivariance,
    feature_matching,
    l1,
    lsgan_critic,
    lsgan_generator,
    mse,
    multiscale_l1,
    perceptual,
    released_separation,
    separation,
    silhouette,
    silhouette_entropy,
    silhouette_of_logits,
    ssim_loss,
    temporal,
)
from muybridge.method import Animation, Batch, Card, Group, Method, Stage, Turn
from muybridge.methods.jokr.animating import animate, draw_preview, edit, overlay, quality
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.describing import described, explained
from muybridge.methods.jokr.importing import imported, is_released
from muybridge.methods.jokr.measuring import shared_points
from muybridge.methods.jokr.networks import (
    Detection,
    KeypointDetector,
    LearnedAffine,
    PointDiscriminator,
    Refiner,
    ShapeGenerator,
    fit_silhouettes,
    touched_cells,
)
from muybridge.methods.jokr.presets import CARD
from muybridge.methods.jokr.texture import settled
from muybridge.networks import PatchCritic, load_lpips
from muybridge.tensors import Heatmaps, Images, Masks, Points
from muybridge.video import Clip

RELEASED_TEMPORAL = 13.0
"""The program's --new_alpha, in front of the temporal term (facts: losses of stage 1)."""


READING = 0.3
"""Rate of E in the texture stage, where it only learns to read painted pictures, as a share of the refiners'."""


class Jokr(Method[JokrConfig, PairData]):
    """E finds K keypoints in both subjects, G draws both silhouettes from them, R_A and R_B paint them.

    Pictures are RGB in [-1, 1] with 0 (mid grey) around the subject, as in the released program.
    """

    card: ClassVar[Card] = CARD
    Config = JokrConfig
    Data = PairData

    def __init__(self, config: JokrConfig) -> None:
        super().__init__(config)
        k = config.keypoints
        self.detector = KeypointDetector(k, **config.detector.model_dump())
        self.affine = LearnedAffine(config.affine_noise) if config.affine else None
        self.discriminator = PointDiscriminator(k, config.discriminator_width)
        if config.two_steps:
            self.shapes = ShapeGenerator(k, **config.shapes.model_dump())
        channels = (3 if config.refiner_input == "rgb" else 1) if config.two_steps else k
        refiner = {"in_channels": channels, **config.refiner.model_dump()}
        self.refiner_a, self.refiner_b = Refiner(**refiner), Refiner(**refiner)
        if config.losses.adversarial:
            self.critic_a = PatchCritic(4, config.critic_width)
            self.critic_b = PatchCritic(4, config.critic_width)
        self.canvas_size: Tensor
        self.shape_steps: Tensor
        self.seen_a: Tensor
        self.seen_b: Tensor
        self.register_buffer("canvas_size", torch.tensor([config.size, config.size]))
        self.register_buffer("shape_steps", torch.zeros((), dtype=torch.int64))
        if config.losses.align:
            for name in ("seen_a", "seen_b"):
                self.register_buffer(name, torch.zeros(config.memory, k, 2))
        # In a list, so that VGG's weights are not taken for this method's own.
        self._lpips = [load_lpips()] if config.texture_loss == "lpips" and config.losses.perceptual else []

    # -- what is learned ------------------------------------------------------------------------------------------

    def prepare(self, clips: Sequence[Clip], **options: Any) -> PairData:
        """Crop the two clips to their subjects.

        clips   A and B, with silhouettes
        flip    "a" or "b": mirror that one on the way in, and its results on the way out
        plates  backgrounds uint8 [3, H, W] of both, for results on the source's own background
        """
        return PairData.from_clips(clips, self.config, **options)

    def stages(self) -> tuple[Stage, ...]:
        c = self.config
        shape = Stage("shape", c.shape.steps, c.shape.batch, c.shape.decay)
        texture = Stage("texture", c.texture.steps, c.texture.batch, c.texture.decay)
        return (shape, texture) if c.two_steps else (shape,)

    def groups(self, stage: Stage) -> dict[str, Group]:
        c = self.config
        refiners = [*self.refiner_a.parameters(), *self.refiner_b.parameters()]
        if stage.name == "texture":
            betas = (0.5, c.texture.beta2)
            groups = {"texture": Group(refiners, c.texture.lr, betas)}
            if c.losses.read:
                groups["detector"] = Group(list(self.detector.parameters()), READING * c.texture.lr, betas)
            if c.losses.adversarial:
                critics = [*self.critic_a.parameters(), *self.critic_b.parameters()]
                groups["critic"] = Group(critics, c.texture.lr, betas)
            return groups
        drawn = list(self.shapes.parameters()) if c.two_steps else refiners
        moved = [] if self.affine is None else list(self.affine.parameters())
        learners = [*drawn, *self.detector.parameters(), *moved]
        return {
            "shape": Group(learners, c.shape.lr, (0.5, c.shape.beta2)),
            "discriminator": Group(list(self.discriminator.parameters()), c.discriminator_lr, (0.5, c.shape.beta2)),
        }

    def begin(self, stage: Stage, data: PairData, generator: torch.Generator) -> None:
        self.canvas_size.copy_(torch.tensor(data.a.canvas))

    @property
    def canvas(self) -> tuple[int, int]:
        """(h, w) of the pictures that the networks see."""
        h, w = self.canvas_size.tolist()
        return h, w

    @property
    def shape_scale(self) -> int:
        """How many times smaller than the canvas the pictures of E and G are."""
        return self.config.shape_scale if self.config.two_steps else 1

    @property
    def shape_canvas(self) -> tuple[int, int]:
        """(h, w) of the pictures that E sees and G draws."""
        h, w = self.canvas
        return h // self.shape_scale, w // self.shape_scale

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        return self._texture(batch) if stage.name == "texture" else self._shape(batch)

    def _shape(self, batch: Batch) -> Iterator[Turn]:
        """Eq. 10 for E, G and T, then eq. 5 for D."""
        c, w = self.config, self.config.losses
        batch = {name: self._smaller(x) if x.dim() == 4 else x for name, x in batch.items()}
        pictures = {s: _to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"]) for s in SIDES}
        found = self._detect_all(pictures, batch)
        drawn = self._draw_pair(found["a"].points, found["b"].points)
        sides = (("a", drawn[0]), ("b", drawn[1]))
        total: dict[str, Tensor] = {}
        # eq. 1, or without the two steps the picture itself (figure 7 g)
        target = {s: batch[f"masks_{s}"] if c.two_steps else pictures[s] for s in SIDES}
        total["seg"] = _both(self._shape_distance(made, target[s]) for s, made in sides)
        # eq. 4; T is applied to B's keypoints
        fakes = self._to_a(found["b"].points)
        total["dc"] = bce(self._judge(found["a"].points, batch, "a"), 1.0) + bce(self._judge(fakes, batch, "b"), 1.0)
        if w.tmp:
            factor = RELEASED_TEMPORAL if c.released else 1.0
            total["tmp"] = factor * _both(temporal(found[s].points, found[f"{s}+1"].points) for s in SIDES)
        if w.eq:
            total["eq"] = _both(
                equivariance(found[s].points, found[f"{s} warped"].points, batch[f"equivariance_{s}"]) for s in SIDES
            )
        apart = released_separation if c.released else separation
        total["sep"] = _both(apart(found[s].points, w.delta) for s in SIDES)
        total["sill"] = _both(self._on_subject(found[s], batch[f"masks_{s}"]) for s in SIDES)
        if w.cover:
            total["cover"] = _both(
                coverage(found[s].points, touched_cells(batch[f"masks_{s}"], _cells(found[s]))) for s in SIDES
            )
        if w.align:
            total["align"] = self._apart(found["a"].points, found["b"].points)
        if w.cyc and c.two_steps:
            total["cyc"] = self._cycle(found, pictures, batch)
        weights = {name: float(getattr(w, name)) for name in total}
        if w.dc_warmup:
            warm = min(1.0, self.shape_steps.item() / w.dc_warmup)
            weights |= {name: weights[name] * warm for name in ("dc", "cyc") if name in weights}
        self.shape_steps += 1
        yield Turn("shape", total, weights)
        # eq. 5 with the program's labels; keypoints as they were before E moved
        real, fake = found["a"].points.detach(), fakes.detach()
        judged = bce(self._judge(real, batch, "a"), 1.0) + bce(self._judge(fake, batch, "b"), 0.0)
        yield Turn("discriminator", {"d": judged})

    def _texture(self, batch: Batch) -> Iterator[Turn]:
        """Eq. 11, with the critics of Wang et al. where they are asked for."""
        w = self.config.losses
        targets = [_to_picture(batch[f"frames_{s}"], batch[f"masks_{s}"]) for s in SIDES]
        with torch.no_grad():
            silhouettes = [self._draw(self._points(x))[:, i : i + 1] for i, x in enumerate(targets)]
        made = [self.refiner_a(silhouettes[0]), self.refiner_b(silhouettes[1])]
        losses = _sum_by_name(self._texture_losses(m, t) for m, t in zip(made, targets, strict=True))
        weights = {"l1": w.l1, "multiscale": w.perceptual, "ssim": w.ssim, "lpips": w.perceptual}
        if not w.adversarial:
            yield Turn("texture", losses, weights)
            if w.read:
                yield self._reading(targets, batch)
            return
        critics = (self.critic_a, self.critic_b)
        shown = [torch.cat((s.to(t), t), 1) for s, t in zip(silhouettes, targets, strict=True)]
        faked = [torch.cat((s.to(m), m), 1) for s, m in zip(silhouettes, made, strict=True)]
        with torch.no_grad():
            real = [critic(x) for critic, x in zip(critics, shown, strict=True)]
        fake = [critic(x) for critic, x in zip(critics, faked, strict=True)]
        losses["adversarial"] = _both(lsgan_generator(f) for f in fake)
        losses["matching"] = _both(feature_matching(r, f) for r, f in zip(real, fake, strict=True))
        weights |= {"adversarial": w.adversarial, "matching": w.adversarial * w.matching}
        yield Turn("texture", losses, weights)
        verdicts = [
            lsgan_critic(critic(r), critic(f.detach())) for critic, r, f in zip(critics, shown, faked, strict=True)
        ]
        yield Turn("critic", {"c": verdicts[0] + verdicts[1]})
        if w.read:
            yield self._reading(targets, batch)

    def _reading(self, targets: Sequence[Images], batch: Batch) -> Turn:
        """E learns to read what R has painted: the keypoints of A, drawn and painted as B, are found again where they
        were, and the other way; G stands still, and its silhouettes hold E to what the keypoints meant before."""
        w, half = self.config.losses, (len(targets[0]) + 1) // 2
        seg, again = [], []
        for i, (side, there) in enumerate((("a", "b"), ("b", "a"))):
            points = self._points(targets[i])
            drawn = self.shapes(self._bumps(points))[:, i : i + 1]
            seg.append(mse(drawn, self._smaller(batch[f"masks_{side}"])))
            with torch.no_grad():
                moved = self.transfer(points[:half], side)
                rgb, mask = self.render(moved, there)
                hard = (mask > 0.5).to(rgb)
            again.append((self._points(_to_picture(rgb * hard, hard)) - moved).abs().mean())
        return Turn("detector", {"seg": seg[0] + seg[1], "read": again[0] + again[1]}, {"seg": w.seg, "read": w.read})

    def _texture_losses(self, made: Images, target: Images) -> dict[str, Tensor]:
        """Eq. 2 and 3, or their weight-free stand-in."""
        losses = {"l1": l1(made, target)}
        if self._lpips:
            losses["lpips"] = perceptual(made.float(), target, self._lpips[0].to(made.device))
        elif self.config.texture_loss == "weight-free":
            losses["multiscale"] = multiscale_l1(made, target)
            if self.config.losses.ssim:
                losses["ssim"] = ssim_loss(made, target, span=2.0)
        return losses

    def _apart(self, a: Points, b: Points) -> Tensor:
        """The energy distance between A's keypoints and T of B's, each with those of earlier steps."""
        n, memory, steps = len(a), self.config.memory, int(self.shape_steps.item())
        filled = min(n * steps, memory)
        all_a, all_b = (torch.cat((x, seen[:filled])) for x, seen in ((a, self.seen_a), (b, self.seen_b)))
        place = torch.arange(n * steps, n * (steps + 1), device=a.device) % memory
        distance = energy_distance(a, self._to_a(b), all_a, self._to_a(all_b))
        with torch.no_grad():
            self.seen_a[place], self.seen_b[place] = a.float(), b.float()
        return distance

    def _cycle(self, found: Mapping[str, Detection], pictures: Mapping[str, Images], batch: Batch) -> Tensor:
        """Mean |E(G_B(T^-1 k_A)) - T^-1 k_A|, and the same the other way; the drawn silhouettes are painted in the
        mean colour of the one whose shape they have. For half of the batch, which is enough and saves time."""
        losses = []
        half = (len(pictures["a"]) + 1) // 2
        for side, there in (("a", "b"), ("b", "a")):
            moved = self.transfer(found[side].points[:half], side)
            drawn = self.shapes(self._bumps(moved))[:, SIDES.index(there)][:, None]
            colour = _mean_colour(pictures[there][:half], batch[f"masks_{there}"][:half])
            losses.append((self.detector(colour * drawn).points - moved.detach()).abs().mean())
        return losses[0] + losses[1]

    def _shape_distance(self, made: Images, target: Images) -> Tensor:
        if self.config.silhouette_loss == "bce" and self.config.two_steps:
            return silhouette_entropy(made, target)
        return mse(made, target)

    def _on_subject(self, found: Detection, masks: Masks) -> Tensor:
        size = _cells(found)
        if self.config.released:
            return silhouette(found.heatmaps, fit_silhouettes(masks, size))
        return silhouette_of_logits(found.logits, touched_cells(masks, size))

    def _detect_all(self, pictures: dict[str, Images], batch: Batch) -> dict[str, Detection]:
        """E on the frames "a", "b", on their successors "a+1", "b+1" and on the frames moved at random "a warped"."""
        weights = self.config.losses
        wanted = {s: self._flattened(pictures[s], batch, s) for s in SIDES}
        for s in SIDES:
            if weights.tmp:
                wanted[f"{s}+1"] = _to_picture(batch[f"successors_{s}"], batch[f"successor_masks_{s}"])
        for s in SIDES:
            if weights.eq:
                wanted[f"{s} warped"] = warp_affine(pictures[s], batch[f"equivariance_{s}"], padding="reflection")
        if self.config.detector.norm != "batch":
            return _split(self.detector(torch.cat(list(wanted.values()))), wanted)
        # Batch norm sees what the released program showed it: frames with successors, side by side, then the rest.
        found: dict[str, Detection] = {}
        for s in SIDES:
            group = {name: wanted[name] for name in (s, f"{s}+1") if name in wanted}
            found |= _split(self.detector(torch.cat(list(group.values()))), group)
        for s in SIDES:
            if weights.eq:
                found[f"{s} warped"] = self.detector(wanted[f"{s} warped"])
        return found

    def _flattened(self, pictures: Images, batch: Batch, side: str) -> Images:
        """Some of the pictures painted in their mean colour, as `_cycle` paints what G has drawn."""
        share, masks = self.config.augment.flat, batch[f"masks_{side}"]
        if not share:
            return pictures
        chosen = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share
        return torch.where(chosen, _mean_colour(pictures, masks) * masks, pictures)

    def _draw_pair(self, a: Points, b: Points) -> tuple[Images, Images]:
        """What G_A makes of A's keypoints and G_B of B's; without the two steps, R's pictures."""
        bumps = self._bumps(torch.cat((a, b)))
        if not self.config.two_steps:
            return self.refiner_a(bumps[: len(a)]), self.refiner_b(bumps[len(a) :])
        drawn = self.shapes(bumps)
        return drawn[: len(a), :1], drawn[len(a) :, 1:]

    def _judge(self, points: Points, batch: Batch, side: str) -> Tensor:
        """D's probability that keypoints are A's; moved at random first where the frames are not (section 3)."""
        if self.config.augment.where == "keypoints" and self.config.augment.share:
            points = apply_affine(batch[f"maps_{side}"], points)
        if self.config.discriminator_noise:
            points = points + self.config.discriminator_noise * torch.randn_like(points)
        return self.discriminator(points)

    # -- the parts ------------------------------------------------------------------------------------------------

    def keypoints(self, frames: Images, masks: Masks) -> Points:
        """E on pictures: frames RGB in [0, 1], masks 1 on the subject."""
        return self._points(_to_picture(frames, masks))

    def render(self, points: Points, side: str, cut: bool = True) -> tuple[Images, Masks]:
        """Keypoints of one side to its appearance: RGB in [0, 1] and the silhouette in [0, 1].

        points  [B, K, 2]  where this side's own keypoints lie (`transfer` brings the other side's there)
        side    "a" or "b"
        cut     black outside the silhouette
        """
        refiner = {"a": self.refiner_a, "b": self.refiner_b}[side]
        if self.config.two_steps:
            mask = self._draw(points)[:, SIDES.index(side)][:, None].float()
            picture = refiner(mask).float()
        else:
            picture = refiner(self._bumps(points)).float()
            mask = (picture.abs().amax(1, keepdim=True) > 0.1).float()
        rgb = ((picture + 1) / 2).clamp(0, 1)
        return (rgb * mask if cut else rgb), mask

    def transfer(self, points: Points, from_side: str, use_affine: bool = True) -> Points:
        """Keypoints of one side to where the other side's lie: T for B's, its inverse for A's (section 3, Inference).

        use_affine  False leaves them as they are, so that the source's own rotation, scale and place are kept
        """
        if self.affine is None or not use_affine:
            return points
        return self._to_a(points) if from_side == "b" else apply_affine(invert_affine(self.affine()), points)

    def _to_a(self, points: Points) -> Points:
        return points if self.affine is None else apply_affine(self.affine(), points)

    def _points(self, pictures: Images) -> Points:
        return self.detector(self._smaller(pictures)).points

    def _smaller(self, pictures: Images) -> Images:
        """At the size that E and G work at."""
        return F.avg_pool2d(pictures, self.shape_scale) if self.shape_scale > 1 else pictures

    def _bumps(self, points: Points) -> Heatmaps:
        """Eq. 9, or the form that the config names, at the size that G works at; without G, the canvas."""
        c = self.config
        h, w = self.shape_canvas
        fold = c.shapes.fold if c.two_steps else 1
        size = (h // fold, w // fold)
        if c.bumps == "normal":
            return normal_gaussians(points, size, c.sigma**2)
        return gaussians(points, size, c.sigma) if c.bumps == "paper" else released_gaussians(points, size, c.sigma)

    def _draw(self, points: Points) -> Tensor:
        """G: both silhouettes [B, 2, h, w], of the canvas's size."""
        drawn = self.shapes(self._bumps(points))
        return drawn if self.shape_scale == 1 else F.interpolate(drawn, self.canvas, mode="bilinear")

    # -- what comes out -------------------------------------------------------------------------------------------

    def preview(self, data: PairData, stage: Stage) -> Tensor:
        return draw_preview(self, data, stage)

    def animate(
        self, data: PairData | None, driving: Clip | None, source: Clip | str | None = None, **options: Any
    ) -> Animation:
        """The subject `source` ("a" or "b") moving as the other one does in `driving`; see `animating.animate`."""
        if isinstance(source, Clip):
            raise UsageError(
                "jokr knows the appearance of its own two subjects only",
                'Name the one that should move: source "a" or "b".',
            )
        return animate(self, data, driving, source, **options)

    # What the verbs of the API find here, where a method has it.
    edit = edit
    overlay = overlay
    quality = quality
    shared_points = shared_points
    described = described
    explained = staticmethod(explained)
    settled = staticmethod(settled)
    imported = staticmethod(imported)
    recognises = staticmethod(is_released)


def _to_picture(frames: Images, masks: Masks) -> Images:
    """[0, 1] on black to [-1, 1] with 0 around the subject."""
    return frames * 2 - masks


def _cells(found: Detection) -> tuple[int, int]:
    """(h, w) of E's heat maps."""
    return found.heatmaps.shape[2], found.heatmaps.shape[3]


def _mean_colour(pictures: Images, masks: Masks) -> Tensor:
    """The mean of each picture under its mask: [B, 3, 1, 1]."""
    area = masks.sum((2, 3), keepdim=True).clamp_min(1)
    return (pictures * masks).sum((2, 3), keepdim=True) / area


def _both(terms: Iterator[Tensor]) -> Tensor:
    """The sum over the two sides."""
    first, second = terms
    return first + second


def _split(detection: Detection, like: Mapping[str, Tensor]) -> dict[str, Detection]:
    """One detection of several batches, by the name of each."""
    counts = [len(x) for x in like.values()]
    parts = zip(*(field.split(counts) for field in detection), strict=True)
    return {name: Detection(*part) for name, part in zip(like, parts, strict=True)}


def _sum_by_name(parts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The losses of both sides, added name by name."""
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total

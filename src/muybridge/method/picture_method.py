"""What methods share that learn from a folder of clips and move any picture by its keypoints or regions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from muybridge import picture_animator
from muybridge.data.canvas import resize_to_canvas
from muybridge.data.clips import ClipsData, own_pixels
from muybridge.errors import UsageError
from muybridge.method.abilities import BATCH, ExplainsItself, FindsBestFrame, FollowsFrames, ReconstructsClips
from muybridge.method.animation import Animation, Explanation
from muybridge.method.contract import FolderMethod
from muybridge.method.picture_explanation import explain_pictures
from muybridge.method.training import Data, Stage
from muybridge.picture_animator import PairPreview, PictureAnimator, Pose, Precision
from muybridge.settings import Config
from muybridge.tensors import Images
from muybridge.video.clip import Clip

C = TypeVar("C", bound=Config)
D = TypeVar("D", bound=Data)
P = TypeVar("P", bound=Pose)


class PictureMethod(
    FolderMethod[C, D], FollowsFrames, FindsBestFrame, ReconstructsClips, ExplainsItself, Generic[C, D, P]
):
    """A method says how a source is seen and how a pose moves; how videos follow is the same for all.

    Poses are of the method's own kind: keypoints with covariances, with Jacobians, or regions.
    """

    @abstractmethod
    def open_source(self, source: Clip, precision: Precision) -> PictureAnimator[P]:
        """The first frame of a clip, seen once for all driving frames."""

    @abstractmethod
    def move_pose(self, mode: str, source: P, driving: P, reference: P, options: Mapping[str, bool]) -> P:
        """The poses to draw.

        source     of one picture
        driving    of B frames
        reference  of the driving frame that is posed as the source is
        options    every one of `motion_options`
        """

    @abstractmethod
    def show_pair(self, source: Images, driving: Images) -> PairPreview:
        """What is made of two frames of a clip [1, 3, H, W], for the preview and for `explain`."""

    def preview(self, data: D, stage: Stage) -> Tensor:
        """Pairs of frames with their poses, what is made of them, the moved source and where it shows what is needed:
        uint8 [3, H, W]."""
        assert isinstance(data, ClipsData)
        return picture_animator.draw_preview(data, self.device, self.show_pair)

    def animate(
        self,
        data: D | None,
        driving: Clip | None,
        source: Clip | str | None = None,
        mode: str | None = None,
        **options: Any,
    ) -> Animation:
        """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

        data           not needed
        mode, options  as in `stream`
        Raises UsageError.
        """
        driving, source = picture_animator.check_inputs(self.card.name, driving, source)
        made = self.stream(own_pixels(driving), source, mode, **options)
        return Animation(made, driving.timing, picture_animator.source_size(source))

    def stream(
        self,
        driving: Iterable[Tensor],
        source: Clip,
        mode: str | None = None,
        *,
        reference: Tensor | None = None,
        batch: int = BATCH,
        precision: Precision = "auto",
        **options: bool,
    ) -> Iterator[Tensor]:
        """`animate` on frames that come one by one, for long videos and cameras: `batch` of them are held, not more.

        driving    uint8 [3, h, w] each, of one size
        mode       one of `modes`; None: `default_mode`. "relative": the source's pose, moved as the driving ones since
                   the reference. "standard": the driving poses as they are
        reference  the driving frame that is posed as the source is, uint8 [3, h, w], see `nearest_frame`; None: the
                   first
        batch      driving frames that go through the networks together
        precision  see `PictureAnimator`
        options    of `motion_options`: what relative motion does beside moving
        returns    iterator over uint8 [4, H, W], the source's size
        Raises UsageError.
        """
        chosen = self.choose_mode(mode, batch)
        wanted = self.choose_options(options)
        animator = self.open_source(source, precision)

        # Poses of many driving frames at once; the source's and the reference's are of one picture.
        def move(found: P, first: P) -> P:
            return self.move_pose(chosen, animator.pose, found, first, wanted)

        return animator.follow(driving, move, reference, batch)

    def choose_mode(self, mode: str | None, batch: int) -> str:
        """The mode, or the default one; UsageError names those that there are, or refuses an empty batch."""
        return picture_animator.choose_mode(self.card.name, self.modes, mode or self.default_mode, batch)

    def choose_options(self, options: Mapping[str, bool]) -> dict[str, bool]:
        """Every one of `motion_options`, as asked for or as it is unless told; UsageError for any other."""
        unknown = sorted(options.keys() - self.motion_options.keys())
        if unknown:
            raise UsageError(f"{self.card.name} moves pictures without {unknown[0]!r}")
        return {**self.motion_options, **options}

    def reconstruct(self, clip: Clip, batch: int = BATCH) -> Animation:
        """The clip made again from its first frame and everybody's poses, in float32 (video reconstruction, section 4
        of the papers)."""
        return self.animate(None, clip, clip[:1], "standard", batch=batch, precision="float32")

    def nearest_frame(self, driving: Clip | Iterable[Tensor], source: Clip, batch: int = BATCH) -> int:
        """The driving frame that is posed most like the source's first, see `PictureAnimator.find_nearest`."""
        return self.open_source(source, "float32").find_nearest(driving, batch)

    def explain(
        self, data: D | None, driving: Clip | None, source: Clip | str | None = None, *, frames: int = 6, **options: Any
    ) -> list[Explanation]:
        """Keypoints or regions with their heat maps, the parts that move as one, and the flow, for some frames.

        data     not needed
        driving  whose poses are taken as they are, like the mode "standard"
        source   a picture; None: the driving clip's first frame, as in `reconstruct`
        Raises UsageError.
        """
        if source is None and driving is not None:
            source = driving[:1]
        driving, source = picture_animator.check_inputs(self.card.name, driving, source)
        self.choose_options(options)
        side = self.config.picture_side
        assert side is not None
        chosen = torch.linspace(0, len(driving) - 1, min(frames, len(driving))).round().long()
        picture = resize_to_canvas(own_pixels(source[:1]), (side, side))
        shown = resize_to_canvas(own_pixels(driving)[chosen], (side, side))

        pairs = []
        for frame in shown.split(1):
            with torch.inference_mode():
                seen = self.show_pair(picture.to(self.device), frame.to(self.device))
            pairs.append((picture[0], frame[0], seen))
        return explain_pictures(pairs)

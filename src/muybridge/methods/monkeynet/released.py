"""Checkpoints and options of the released Monkey-Net program, read as data; nothing in them is run.

Sizes come from the tensors; the YAML file says what does not show in them (scales, alpha, what the maps are).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError, Option, Sentence
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.networks import Generator, KeypointDetector
from muybridge.methods.monkeynet.options import Options, augmentation, losses, pace, read_options
from muybridge.networks import BlockDiscriminator
from muybridge.networks.checkpoints import (
    captured_names,
    describe_invalid,
    extract_state,
    fill_network,
    join_states,
    load_tensors,
)

State = dict[str, Tensor]
PLACES = (
    (r"^appearance_encoder\.", "encoder."),
    (r"^dense_motion_module\.group_blocks\.", "motion.groups."),
    (r"^dense_motion_module\.hourglass\.decoder\.conv\.", "motion.head."),
    (r"^dense_motion_module\.hourglass\.", "motion.trunk."),
    (r"^video_decoder\.", "decoder."),
    (r"^refinement_module\.r(\d+)\.", r"refinements.\1."),
    (r"^refinement_module\.conv-last\.", "out."),
    (r"^predictor\.decoder\.conv\.", "head."),
    (r"^predictor\.", "trunk."),
)
"""The program's names, and ours."""


@dataclass(frozen=True, eq=False)
class ReleasedCheckpoint:
    """What a checkpoint holds, under this package's names.

    config  settings that reproduce the program
    states  state dict of each network: detector, generator, and discriminator where the file has one
    epoch   as written in the file, 0 where it is not
    """

    config: MonkeyNetConfig
    states: dict[str, State]
    epoch: int

    def build_detector(self) -> KeypointDetector:
        """The keypoint detector with the checkpoint's weights, in evaluation mode."""
        c = self.config
        return fill_network(KeypointDetector(c.keypoints, c.detector), self.states["detector"], "kp_detector").eval()

    def build_generator(self) -> Generator:
        """G and M with the checkpoint's weights, in evaluation mode."""
        c = self.config
        built = Generator(c.keypoints, c.generator, c.motion, c.align_corners)
        return fill_network(built, self.states["generator"], "generator").eval()

    def build_discriminator(self) -> BlockDiscriminator:
        """D with the checkpoint's weights; CheckpointError where the file has none."""
        if "critic" not in self.states:
            raise CheckpointError("this checkpoint holds no discriminator: it animates, and cannot be learnt on from")
        c = self.config.critic
        seen = 0 if c.bumps is None else self.config.keypoints
        return fill_network(
            BlockDiscriminator(3 + seen, c.width, c.max_width, c.blocks), self.states["critic"], "discriminator"
        )


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a table of tensors is one of Monkey-Net's checkpoints, by its keys."""
    generator = table.get("generator")
    return isinstance(generator, Mapping) and any(str(key).startswith("appearance_encoder.") for key in generator)


def import_released(path: Path, options: Path | None = None) -> tuple[MonkeyNetConfig, State, int]:
    """A released checkpoint as settings that reproduce it, and the weights under `MonkeyNet`'s names.

    path     checkpoint
    options  the YAML file that it was trained with, see `read_released`
    returns  the settings; all networks' weights; the stage, 1 (image to video is not in the authors' files)
    Raises CheckpointError.
    """
    found = read_released(path, options)
    return found.config, join_states(found.states), 1


def read_released(path: Path, options: Path | None) -> ReleasedCheckpoint:
    """Read a checkpoint of any size, with the YAML file that it was trained with; its discriminator may be missing.

    Raises CheckpointError: not a checkpoint, not Monkey-Net's, options that are missing, unknown or do not fit.
    """
    table = load_tensors(path)
    if not is_released(table):
        keys = ", ".join(sorted(map(str, table))[:6])
        raise CheckpointError(f"{path} is not a checkpoint of Monkey-Net: it holds {keys or 'nothing'}")
    if options is None:
        raise CheckpointError(
            f"{path} needs the YAML file that it was trained with: its scales do not show in the weights",
            Sentence("Name it with ", Option("config"), "."),
        )

    said = read_options(options)
    # A file for animation alone needs no discriminator.
    parts = {"detector": "kp_detector", "generator": "generator"}
    if table.get("discriminator"):
        parts["critic"] = "discriminator"

    states: dict[str, State] = {}
    for ours, theirs in parts.items():
        states[ours] = {}
        for name, x in extract_state(table, theirs).items():
            states[ours][_place(name)] = _flat(x)

    try:
        config = _config(states, said, int(table.get("it", 0)) + 1)
    # First, for it is a ValueError too, and knows which setting is wrong.
    except ValidationError as error:
        wrong = describe_invalid(error)
        raise CheckpointError(f"{path} was made with settings that are not supported: {wrong}") from error
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} has parts of Monkey-Net, but not in the released layout: {error!r}") from error

    checkpoint = ReleasedCheckpoint(config, states, int(table.get("epoch", 0)))
    checkpoint.build_detector()
    checkpoint.build_generator()
    if "critic" in states:
        checkpoint.build_discriminator()

    return checkpoint


def released_name(name: str) -> str:
    """The program's name of a parameter of ours: head.weight of the detector is predictor.decoder.conv.weight."""
    backwards = (
        (r"^encoder\.", "appearance_encoder."),
        (r"^motion\.groups\.", "dense_motion_module.group_blocks."),
        (r"^motion\.head\.", "dense_motion_module.hourglass.decoder.conv."),
        (r"^motion\.trunk\.", "dense_motion_module.hourglass."),
        (r"^decoder\.", "video_decoder."),
        (r"^refinements\.(\d+)\.", r"refinement_module.r\1."),
        (r"^out\.", "refinement_module.conv-last."),
        (r"^head\.", "predictor.decoder.conv."),
        (r"^trunk\.", "predictor."),
    )
    return _rename_weights(name, backwards)


def _place(name: str) -> str:
    return _rename_weights(name, PLACES)


def _rename_weights(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, ours in rules:
        changed, count = re.subn(pattern, ours, name)
        if count:
            return changed
    return name


def _flat(x: Tensor) -> Tensor:
    """A convolution over (time, y, x) that looks at one moment only, without its time."""
    if x.ndim != 5:
        return x
    if x.shape[2] != 1:
        raise CheckpointError("this checkpoint convolves over time (temporal: true), which is not supported")
    return x[:, :, 0].contiguous()


def _config(states: dict[str, State], said: Options, steps: int) -> MonkeyNetConfig:
    keypoints = states["detector"]["head.weight"].shape[0]
    generator = states["generator"]
    parts = {
        "detector": _unet(states["detector"], "trunk.encoder.", "trunk.decoder.") | said.detector,
        "generator": _generator(generator, said),
        "motion": _motion(generator, keypoints, said),
        "critic": _discriminator(states.get("critic"), said),
    }
    learn = pace(said.train) | {"steps": max(1, steps)}

    return MonkeyNetConfig.model_validate(
        parts
        | {
            "size": said.size,
            "keypoints": keypoints,
            "losses": losses(said.train, parts["critic"]["blocks"]),
            "augment": augmentation(said.dataset),
            "learn": learn,
            "prediction": {"steps": 0, "batch": 64, "lr": 1e-3},
            "relative": said.relative,
        }
    )


def _unet(state: State, encoder: str, decoder: str) -> dict[str, int]:
    widths = []
    for x in _convolutions(state, encoder + "down_blocks."):
        widths.append(x.shape[0])

    return {
        "blocks": len(widths),
        "max_width": max(widths),
        "width": _convolutions(state, decoder + "up_blocks.")[-1].shape[0],
    }


def _generator(state: State, said: Options) -> dict[str, Any]:
    sizes = _unet(state, "encoder.", "decoder.")
    first = state["decoder.up_blocks.0.conv.weight"].shape[1]
    seen = first - _convolutions(state, "encoder.down_blocks.")[-1].shape[0]
    blocks = captured_names(state, r"refinements\.([^.]*)")

    return {
        **sizes,
        "refinements": len(blocks),
        "resampling": said.resampling,
        "bumps": said.drawn_for_generator if seen else None,
    }


def _motion(state: State, keypoints: int, said: Options) -> dict[str, Any]:
    if "motion.head.weight" not in state:
        return {"flow": False}

    channels = state["motion.trunk.encoder.down_blocks.0.conv.weight"].shape[1]
    each = said.motion["heat"] + 2 * said.motion["displacement"] + 3 * said.motion["source"]
    # Whether the background has maps of its own shows only in their number.
    parts = {keypoints * each: False, (keypoints + 1) * each: True}
    if channels not in parts:
        raise CheckpointError(
            f"the motion network takes {channels} maps, but {each} for each of {keypoints} keypoints are in its options"
        )

    out = state["motion.head.weight"].shape[0]
    return {
        **said.motion,
        **_unet(state, "motion.trunk.encoder.", "motion.trunk.decoder."),
        "background": parts[channels],
        "group_blocks": len(_convolutions(state, "motion.groups.")),
        "coarse": out > keypoints,
        # Masks are K + 1 maps, the residual two: their sum tells which there are.
        "residual": out in (2, keypoints + 3),
    }


def _discriminator(state: State | None, said: Options) -> dict[str, Any]:
    if state is None:
        return {**said.critic, "bumps": said.drawn_for_discriminator}
    blocks = _convolutions(state, "down_blocks.")
    widths = []
    for x in blocks:
        widths.append(x.shape[0])

    return {
        "blocks": len(blocks),
        "width": (widths[0] + 1) // 2,
        "max_width": max(widths),
        "bumps": said.drawn_for_discriminator if blocks[0].shape[1] > 3 else None,
    }


def _convolutions(state: State, prefix: str) -> list[Tensor]:
    """The weights of the numbered blocks under a name, in order."""
    found = {}
    for name, x in state.items():
        match = re.fullmatch(re.escape(prefix) + r"(\d+)\.conv\.weight", name)
        if match:
            found[int(match[1])] = x
    items = []
    for i in sorted(found):
        items.append(found[i])

    return items

"""Checkpoints of the released TS-Net program, read as data; nothing in them is run (docs/methods/tsnet.md,
Checkpoint).

There are two classes, for poses and for faces; only the first has a face discriminator. Every size comes from the
tensors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from muybridge.errors import CheckpointError
from muybridge.methods.tsnet.config import StageConfig, TsnetConfig
from muybridge.methods.tsnet.networks import HALVINGS, Decoder, Discriminator, Encoder, Fusion
from muybridge.methods.tsnet.presets import CARD
from muybridge.networks.checkpoints import (
    captured_names,
    extract_state,
    fill_network,
    join_states,
    load_tensors,
    read_yaml_table,
)

State = dict[str, Tensor]
NAMES = {
    "img_enc": "image_encoder",
    "lbl_enc": "mask_encoder",
    "fuse_net": "fusion",
    "dec": "decoder",
    "netD": "critic",
    "netDF": "face_critic",
}
"""The program's name of each network, and ours."""
KINDS = {25: "body25", 2: "face68"}
"""Classes of labels of the program's two kinds of landmarks."""
STEPS = 63000
"""900 epochs of 7 targets of 100 (pose) or 150 (face) videos, in batches of 10 or 15 (docs/methods/tsnet.md)."""


@dataclass(frozen=True, eq=False)
class ReleasedCheckpoint:
    """What a checkpoint holds, under this package's names.

    kind            pose or face: the program's two classes
    classes         of labels, the background counted
    width           of encoders and decoder at full size (64 released)
    critic_width    of the discriminators' first stage (64 released)
    image_blocks    residual blocks of each network
    mask_blocks
    decoder_blocks
    pictures        training pictures seen
    states          state dict of each network
    """

    kind: Literal["pose", "face"]
    classes: int
    width: int
    critic_width: int
    image_blocks: int
    mask_blocks: int
    decoder_blocks: int
    pictures: int
    states: dict[str, State]

    def build(self) -> dict[str, nn.Module]:
        """Every network of the checkpoint with its weights; CheckpointError where they do not fit."""
        built: dict[str, nn.Module] = {
            "image_encoder": Encoder(3 + self.classes, width=self.width, blocks=self.image_blocks),
            "mask_encoder": Encoder(self.classes, width=self.width, blocks=self.mask_blocks),
            "fusion": Fusion(8 * self.width),
            "decoder": Decoder(16 * self.width, width=self.width, blocks=self.decoder_blocks),
            "critic": Discriminator(3 + self.classes, self.critic_width),
        }
        if self.kind == "pose":
            built["face_critic"] = Discriminator(3, self.critic_width)

        for name, network in built.items():
            fill_network(network, self.states[name], name)
        return built


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a checkpoint has the networks that TS-Net's program writes."""
    return set(NAMES) - {"netDF"} <= table.keys()


def import_released(path: Path, options: Path | None = None) -> tuple[TsnetConfig, dict[str, Tensor], int]:
    """A released checkpoint as settings that reproduce it, and the weights under `Tsnet`'s names.

    path     checkpoint of either class
    options  YAML of the constructor's arguments; read for n_source, and refused where it is of another checkpoint
    returns  the settings, the weights, and 1, the only stage
    Raises CheckpointError.
    """
    found = read_released(path)
    if found.classes not in KINDS:
        raise CheckpointError(
            f"{path} has labels of {found.classes} classes; TS-Net's programs have 25 for bodies and 2 for faces"
        )

    # Only the program for bodies has a discriminator of faces, and its own batch.
    said = _said(options, found)
    pose = found.kind == "pose"
    batch = 10 if pose else 15
    # Crop, sampling and margin are the preset's: the file names no margin, but faces shifted by 20 % need its room.
    like = CARD.presets["standard" if pose else "face"]
    settings = like.model_dump() | {
        "kind": KINDS[found.classes],
        "width": found.width,
        "critic_width": found.critic_width,
        "image_blocks": found.image_blocks,
        "mask_blocks": found.mask_blocks,
        "decoder_blocks": found.decoder_blocks,
        "face_critic": pose,
        "gradient": "always",
        "perceptual": "weight-free",
        "train": StageConfig(steps=STEPS, batch=batch, decay=5 / 9).model_dump(),
    }
    settings["sampling"]["sources"] = said.get("n_source", 3)
    config = TsnetConfig.model_validate(settings)
    return config, join_states(found.states), 1


def _said(options: Path | None, found: ReleasedCheckpoint) -> dict[str, Any]:
    """The options file, where it says nothing else than the checkpoint's tensors."""
    if options is None:
        return {}

    said = read_yaml_table(options)
    has = {
        "variant": found.kind,
        "label_nc": found.classes,
        "ngf": found.width,
        "ndf": found.critic_width,
        "n_blocks": found.decoder_blocks,
        "img_enc_n_blocks": found.image_blocks,
        "lbl_enc_n_blocks": found.mask_blocks,
    }
    wrong = []
    # What the file leaves out cannot be wrong.
    for name, value in has.items():
        if said.get(name, value) != value:
            wrong.append(f"{name} {said[name]} (it has {value})")
    if wrong:
        raise CheckpointError(f"{options} is of another checkpoint: {', '.join(wrong)}")

    sources = said.get("n_source", 3)
    if not isinstance(sources, int) or isinstance(sources, bool) or sources < 1:
        raise CheckpointError(f"{options}: n_source is a number of frames, not {sources!r}")

    return said


def read_released(path: Path) -> ReleasedCheckpoint:
    """Read a checkpoint of either class, of any width. CheckpointError names what the file is instead."""
    raw = load_tensors(path)
    if not is_released(raw):
        found = ", ".join(sorted(map(str, raw))[:8])
        raise CheckpointError(
            f"{path} is not a checkpoint of TS-Net: expected img_enc, lbl_enc, dec, fuse_net and netD, found {found}"
        )

    parts = {}
    for name in NAMES:
        # Only the program for bodies has a discriminator of faces.
        if name in raw:
            parts[name] = extract_state(raw, name)

    try:
        seen = raw.get("example", 0)
        checkpoint = ReleasedCheckpoint(
            kind="pose" if "netDF" in parts else "face",
            classes=_classes(parts),
            width=parts["img_enc"]["model.1.weight"].shape[0],
            critic_width=parts["netD"]["model0.0.weight"].shape[0],
            image_blocks=_count(parts["img_enc"], r"model\.(\d+)\.conv_block\."),
            mask_blocks=_count(parts["lbl_enc"], r"model\.(\d+)\.conv_block\."),
            decoder_blocks=_count(parts["dec"], r"model(\d+)\.0\.conv_block\."),
            pictures=seen if isinstance(seen, int) else 0,
            states={NAMES[name]: _rename_weights(name, state) for name, state in parts.items()},
        )
    except (KeyError, IndexError, ValueError) as error:
        raise CheckpointError(f"{path} has parts of TS-Net, but not in the released layout: {error}") from error

    # Built once, so that a weight without a place is refused now and not at the first picture.
    checkpoint.build()
    return checkpoint


def released_name(network: str, name: str, blocks: int = 0) -> str:
    """The program's name of one of our parameters.

    network  the program's name of the network
    name     ours: trunk.0.second.bias in img_enc is model.13.conv_block.5.bias
    blocks   residual blocks of a decoder
    """
    *layer, kind = name.split(".")
    block = {"first": "conv_block.1", "second": "conv_block.5"}
    if network.startswith("netD"):
        return f"model{layer[1]}.0.{kind}"
    if network == "fuse_net":
        return f"conv.{kind}" if layer == ["out"] else f"model.0.{block[layer[1]]}.{kind}"
    if network == "dec":
        return {
            "join": lambda: f"map_conv.{kind}",
            "trunk": lambda: f"model{layer[1]}.0.{block[layer[2]]}.{kind}",
            "up": lambda: f"model{blocks + int(layer[1])}.2.{kind}",
            "out": lambda: f"model{blocks + HALVINGS}.1.{kind}",
        }[layer[0]]()

    return {
        "stem": lambda: f"model.1.{kind}",
        "down": lambda: f"model.{4 + 3 * int(layer[1])}.{kind}",
        "trunk": lambda: f"model.{4 + 3 * HALVINGS + int(layer[1])}.{block[layer[2]]}.{kind}",
    }[layer[0]]()


def _rename_weights(network: str, state: State) -> State:
    """The program's names to ours; names that have no place are kept, to be refused."""
    if network.startswith("netD"):
        layers = []
        for i in range(HALVINGS + 2):
            layers.append(f"stages.{i}.0")

        blocks = 0
    elif network == "fuse_net":
        layers = ["trunk.first", "trunk.second", "out"]
        blocks = 0
    else:
        blocks = _count(state, r"(model(?:\d+\.0|\.\d+)\.conv_block\.1\.weight)")
        trunk = []
        for i in range(blocks):
            for which in ("first", "second"):
                trunk.append(f"trunk.{i}.{which}")

        if network == "dec":
            layers = ["join", *trunk]
            for i in range(HALVINGS):
                layers.append(f"up.{i}.0")
            layers.append("out")
        else:
            layers = ["stem.0"]
            for i in range(HALVINGS):
                layers.append(f"down.{i}.0")
            layers += trunk

    ours = {}
    for layer in layers:
        for kind in ("weight", "bias"):
            ours[released_name(network, f"{layer}.{kind}", blocks)] = f"{layer}.{kind}"

    table = {}
    for name, x in state.items():
        table[ours.get(name, name)] = x

    return table


def _classes(parts: Mapping[str, State]) -> int:
    """Labels' classes, on which the encoders and D must agree."""
    image = parts["img_enc"]["model.1.weight"].shape[1] - 6
    mask = parts["lbl_enc"]["model.1.weight"].shape[1] - 3
    judged = parts["netD"]["model0.0.weight"].shape[1] - 3
    if not image == mask == judged >= 1:
        raise ValueError(
            f"encoders and D disagree on the classes of labels ({image}, {mask}, {judged}), or have no coordinates"
        )
    return int(image)


def _count(state: State, pattern: str) -> int:
    return len(captured_names(state, pattern))

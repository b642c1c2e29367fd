"""The pictures that a discriminator is shown again (Shrivastava et al. 2017; CycleGAN, section 4, Training details)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from muybridge.tensors import Images


class FakeHistory(nn.Module):
    """The last fakes, of which the discriminator sees one in place of a new one every other time.

    They are kept as a buffer, so that a training that goes on from its checkpoint shows the discriminator the same
    pictures, and as bytes, as real frames are stored. Every choice comes from PyTorch's own CPU generator.

    size  how many are kept; 0 keeps none
    """

    pictures: Tensor
    """uint8 [N, C, H, W], N at most `size`; empty before the first."""

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("pictures", torch.zeros(0, dtype=torch.uint8))

    def forward(self, fakes: Images) -> Images:
        """Take in new fakes, and hand out as many for the discriminator; no gradient flows.

        While there is room, a new fake is kept and handed out. After that, each with probability 1/2 takes the place
        of a random old one, which is handed out in its stead.

        fakes    [B, C, H, W] in [-1, 1]
        returns  [B, C, H, W]; old ones are rounded to bytes
        """
        fakes = fakes.detach().float()

        shown = []
        for fake in fakes.split(1):
            if len(self.pictures) < self.size:
                new = _to_bytes(fake)
                self.pictures = torch.cat((self.pictures, new)) if len(self.pictures) else new
                shown.append(fake)
            elif self.size and bool(torch.rand(()) < 0.5):
                place = int(torch.randint(self.size, ()))
                shown.append(self.pictures[place : place + 1].float() / 127.5 - 1)
                self.pictures[place] = _to_bytes(fake)[0]
            else:
                shown.append(fake)

        # In one memory layout, whether they are new or come from a checkpoint: others would be added in another order.
        return torch.cat(shown).contiguous(memory_format=torch.channels_last)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        # How many there are, and how large, only the checkpoint knows.
        kept = state_dict.get(f"{prefix}pictures")
        if isinstance(kept, Tensor) and kept.dtype == torch.uint8 and len(kept) <= self.size:
            self.pictures = torch.zeros(kept.shape, dtype=torch.uint8, device=self.pictures.device)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _to_bytes(pictures: Images) -> Tensor:
    return ((pictures + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)

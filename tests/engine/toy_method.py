"""A small method with all that the engine must cope with: two stages, two groups that take turns, dropout, running
statistics, tied weights, a beginning that sets weights from data. Run as a program, it trains in a folder."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from muybridge.engine import Callback, train
from muybridge.errors import MuybridgeError
from muybridge.method import Batch, Card, Config, Data, FolderMethod, Group, Stage, Turn
from muybridge.run import Run
from muybridge.video.clip import Clip


class ToyConfig(Config):
    steps: int = 12
    batch: int = 4
    dropout: float = 0.3
    norm: bool = True
    nan_at: int = -1


class ToyData(Data):
    def __init__(self, images: Tensor) -> None:
        self.images = images

    @classmethod
    def make(cls) -> "ToyData":
        return cls(torch.rand(10, 3, 8, 8, generator=torch.Generator().manual_seed(5)))

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        chosen = torch.randint(len(self.images), (stage.batch,), generator=generator)
        noise = torch.randn(stage.batch, 3, 8, 8, generator=generator)
        return {"images": (self.images[chosen] + 0.1 * noise).to(device)}

    def tensors(self) -> dict[str, Tensor]:
        return {"images": self.images}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> "ToyData":
        return cls(tensors["images"])


class Toy(FolderMethod[ToyConfig, ToyData]):
    card = Card("toy", "Toy", "nobody, 2026", "folder", "nothing", {"draft": ToyConfig()})
    Config = ToyConfig
    Data = ToyData

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config)
        norm = nn.BatchNorm2d(4) if config.norm else nn.Identity()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), norm, nn.ReLU(), nn.Dropout(config.dropout))
        self.decoder = nn.Conv2d(4, 3, 3, padding=1)
        self.critic = nn.Conv2d(3, 1, 8)
        self.same_critic = self.critic
        self.begun: list[str] = []
        self.steps_seen = 0

    def prepare(self, clips: Sequence[Clip]) -> ToyData:
        return ToyData.make()

    def stages(self) -> tuple[Stage, ...]:
        steps, batch = self.config.steps, self.config.batch
        return Stage("shape", steps, batch, decay=0.5), Stage("texture", steps // 2, batch, cost=3.0)

    def groups(self, stage: Stage) -> dict[str, Group]:
        if stage.name == "shape":
            maker = [*self.encoder.parameters(), *self.decoder.parameters()]
            return {"maker": Group(maker, 1e-2), "critic": Group(list(self.critic.parameters()), 2e-2, (0.0, 0.9))}
        return {"maker": Group(list(self.decoder.parameters()), 1e-2)}

    def begin(self, stage: Stage, data: ToyData, generator: torch.Generator) -> None:
        self.begun.append(stage.name)
        with torch.no_grad():
            self.decoder.bias.copy_(data.images.mean((0, 2, 3)) + 0.01 * torch.randn(3, generator=generator))

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        self.steps_seen += 1
        made = self.decoder(self.encoder(batch["images"]))
        l1 = (made - batch["images"]).abs().mean()
        if self.steps_seen == self.config.nan_at:
            l1 = l1 * float("nan")
        if stage.name == "texture":
            yield Turn("maker", {"l1": l1})
            return
        real = self.critic(batch["images"]).mean()
        # Not detached on purpose: the critic's turn must leave the maker alone, and its graph whole.
        yield Turn("critic", {"critic": self.critic(made).mean() - real, "size": self.critic.weight.square().mean()})
        fooled = -self.critic(made).mean()
        yield Turn("maker", {"l1": l1, "critic": fooled}, {"critic": 0.05})

    def preview(self, data: ToyData, stage: Stage) -> Tensor:
        made = self.decoder(self.encoder(data.images[:1]))[0]
        return (made.float().clamp(0, 1) * 255).to(torch.uint8)

    def animate(self, data: ToyData, driving: Clip, source: Clip | None = None, **options: Any) -> Clip:
        return driving


def make(seed: int = 0, **settings: Any) -> tuple[Toy, ToyData]:
    torch.manual_seed(seed)
    return Toy(ToyConfig(**settings)), ToyData.make()


class Striker(Callback):
    """Sends its own process a signal after a step: "9 shape 5" is kill -9 after the fifth."""

    def __init__(self, when: str) -> None:
        self.when = when

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        number, _, place = self.when.partition(" ")
        if place == f"{stage.name} {step}":
            os.kill(os.getpid(), int(number))


def die_replacing(name: str, times: int) -> None:
    """Kill this process where it would put the file in its place for the last of so many times."""
    real, left = os.replace, [times]

    def replace(draft: Any, path: Any) -> None:
        if Path(path).name == name:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), 9)
        real(draft, path)

    os.replace = replace  # type: ignore[assignment]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--checkpoint", type=float, default=60)
    parser.add_argument("--init", type=int, default=0)
    parser.add_argument("--strike", default="")
    parser.add_argument("--die-replacing", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    die_replacing("weights.safetensors", options.die_replacing)
    method, data = make(options.init, **dict(pair.split("=") for pair in options.set))
    run = Run.open(options.folder)
    if options.resume:
        data = ToyData.restore(run.load_data())
    try:
        train(
            method,
            data,
            run,
            seed=3,
            device="cpu",
            precision="float32",
            checkpoint_seconds=options.checkpoint,
            preview_seconds=0,
            log_every=1,
            callback=Striker(options.strike),
            resume=options.resume,
        )
    except KeyboardInterrupt:
        return 130
    except MuybridgeError as e:
        print(e)
        return e.exit_code
    total = sum(p.double().sum().item() for p in method.parameters())
    print(f"sum {total}\n", end="", flush=True)  # one write, so that two processes do not mix their lines
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    if "WORLD_SIZE" in os.environ:
        # gloo's threads abort the interpreter's shutdown now and then ("terminate called without an active
        # exception"), with this training and without.
        os._exit(code)
    sys.exit(code)

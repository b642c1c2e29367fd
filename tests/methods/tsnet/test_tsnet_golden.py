"""Every array that the released TS-Net program left in the golden file, computed again with this package's parts.

The golden file records what rounding alone does to each array (float32 against float64, relative to max(1, |max|));
ten times that is allowed. Gradients of single parameters agree to 1 %, or to 0.1 % of the largest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from golden_arrays import Golden
from torch import Tensor, nn

from muybridge import losses
from muybridge.engine.optimisers import rate_factor
from muybridge.landmarks import face_boxes, face_crops, one_hot
from muybridge.methods.tsnet import networks, pictures, similarity
from muybridge.methods.tsnet.data import make_box_maps
from muybridge.methods.tsnet.method import Tsnet
from muybridge.methods.tsnet.prepared_subject import References, draw_frames
from muybridge.methods.tsnet.released import ReleasedCheckpoint, read_released, released_name
from muybridge.networks import Vgg19

SOURCES = 3
PICTURE = slice(64, 192)


@pytest.fixture(scope="module")
def golden(shared: Path) -> Iterator[Golden]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Golden(shared / "golden" / "tsnet")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def checkpoint(shared: Path) -> ReleasedCheckpoint:
    return read_released(shared / "golden" / "tsnet" / "checkpoint.pth")


class Parts:
    """The networks, and what the released program does with them."""

    def __init__(self, checkpoint: ReleasedCheckpoint) -> None:
        nets: dict[str, Any] = checkpoint.build()
        self.image_encoder, self.mask_encoder = nets["image_encoder"], nets["mask_encoder"]
        self.fusion, self.decoder = nets["fusion"], nets["decoder"]
        self.critic, self.face_critic = nets["critic"], nets["face_critic"]

    def encode(self, image: Tensor, labels: Tensor) -> Tensor:
        return self.image_encoder(torch.cat((image, one_hot(labels, 25)), 1))


def black_outside(image: Tensor) -> Tensor:
    inside = torch.zeros(1, 1, 1, image.shape[3])
    inside[..., PICTURE] = 1
    return image * inside - pictures.shift(image) * (1 - inside)


@pytest.fixture(scope="module")
def sources(golden: Golden, checkpoint: ReleasedCheckpoint) -> dict[str, list[Tensor]]:
    parts = Parts(checkpoint)
    images = (golden["in/test_src_img"] / 255).split(1)
    labels = golden["in/test_src_lbl"].split(1)
    boxes = [pictures.cell_boxes(b[:, None].float()) for b in golden["in/test_src_bbox"].split(1)]
    with torch.no_grad():
        features = [parts.encode(i, x) for i, x in zip(images, labels, strict=True)]
    return {"images": list(images), "features": features, "boxes": boxes}


def test_sources(golden: Golden, sources: dict[str, list[Tensor]]) -> None:
    first = sources["images"][0]
    spread, mean = torch.std_mean(first, (2, 3), keepdim=True)
    golden.check("test/ref_mean", mean)
    golden.check("test/ref_std", spread)
    golden.check("test/coord_conv_channels", networks.coordinates(first))
    for k in range(SOURCES):
        golden.check(f"test/src_img_fea/{k}", sources["features"][k])
    golden.all_seen("test/ref", "test/coord", "test/src")


@pytest.mark.parametrize("i", range(4))
def test_inference(golden: Golden, checkpoint: ReleasedCheckpoint, sources: dict[str, list[Tensor]], i: int) -> None:
    parts = Parts(checkpoint)

    def check(name: str, value: Tensor) -> None:
        if i == 0 or any(n.startswith(f"test/{i}/{name}") for n in golden.arrays):
            golden.check(f"test/{i}/{name}", value)

    box = pictures.cell_boxes(golden["in/test_tar_bbox"][i : i + 1, None].float())
    with torch.no_grad():
        driving = parts.mask_encoder(one_hot(golden["in/test_tar_lbl"][i : i + 1], 25))
        check("tar_lbl_fea", driving)
        warped, fused = [], []
        for k in range(SOURCES):
            feature, own = sources["features"][k], sources["boxes"][k]
            logits = 100 * similarity.dense_similarity(driving, feature, box, own)
            check(f"similarity_x100_rows/{k}", logits[:, ::128])
            check(f"attention_rows/{k}", logits.softmax(-1)[:, ::128])
            grid = similarity.sampling_grid(driving, feature, box, own)
            check(f"warp_grid/{k}", similarity.dense_grid(driving, feature, box, own))
            check(f"warp_grid/{k}", grid)
            warped.append(similarity.warp_features(feature, grid))
            fused.append(parts.fusion(feature, driving))
            check(f"warped_fea/{k}", warped[-1])
            check(f"fused_fea/{k}", fused[-1])
        both = torch.cat((torch.stack(warped).mean(0), torch.stack(fused).mean(0)), 1)
        check("map_conv", parts.decoder.join(both))
        made = black_outside(parts.decoder(both))
        check("rec_tar_img", made)
        final = pictures.match_statistics(made, sources["images"][0])
        check("renormalised", final)
        # Stored as [H, W, 3], so that the last two axes are not those that a map is thinned out along.
        rows = (pictures.to_rgb(final)[0] * 255).movedim(0, -1)
        golden._compare(f"test/{i}/final_rgb_0_255@s8", rows[::8, ::8])
    golden.all_seen(f"test/{i}/")


def random_vgg19(golden: Golden) -> Vgg19:
    """The weights that torchvision's vgg19(weights=None) draws: every layer's own initialisation first, the three
    linear ones' too, and only then VGG's."""
    torch.manual_seed(int(golden["meta/vgg_seed"]))
    vgg = Vgg19()
    for _ in range(3):
        nn.Conv2d(512, 512, 3)
    for rows, columns in ((4096, 25088), (4096, 4096), (1000, 4096)):
        torch.empty(rows, columns).uniform_()
        torch.empty(rows).uniform_()
    for layer in vgg.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    sums = torch.stack([vgg.features[i].weight.double().sum() for i in (0, 28)])
    torch.testing.assert_close(sums, golden["meta/vgg_checksum"], rtol=1e-6, atol=1e-6)
    return vgg.requires_grad_(False)


def norms(network: nn.Module, name: str, blocks: int = 0) -> dict[str, float]:
    """L2 norm of each parameter's gradient, under the program's names."""
    return {
        released_name(name, n, blocks): p.grad.double().norm().item()
        for n, p in network.named_parameters()
        if p.grad is not None
    }


class Step:
    """The forward pass of the released program's training step: batch 2, three sources, one target."""

    def __init__(self, golden: Golden, checkpoint: ReleasedCheckpoint) -> None:
        self.parts = parts = Parts(checkpoint)
        self.vgg = random_vgg19(golden)
        images, labels = golden["in/train_img"] / 255, golden["in/train_lbl"]
        boxes = golden["in/train_bbox"].float()
        self.target, self.labels = images[:, SOURCES], labels[:, SOURCES]
        self.maps = one_hot(self.labels, 25)
        driving = parts.mask_encoder(self.maps)
        box = pictures.cell_boxes(boxes[:, SOURCES, None])
        warped, fused = [], []
        self.warped_images = []
        for k in range(SOURCES):
            feature = parts.encode(images[:, k], labels[:, k])
            grid = similarity.sampling_grid(driving, feature, box, pictures.cell_boxes(boxes[:, k, None]))
            warped.append(similarity.warp_features(feature, grid))
            fused.append(parts.fusion(feature, driving))
            moved = similarity.warp_patches(images[:, k], grid)
            self.warped_images.append(black_outside(pictures.match_statistics(moved, self.target)))
        self.made = black_outside(
            parts.decoder(torch.cat((torch.stack(warped).mean(0), torch.stack(fused).mean(0)), 1))
        )
        self.face_boxes = face_boxes(self.labels)
        self.faces = {
            "real": face_crops(self.target, self.face_boxes, 64),
            "fake": face_crops(self.made, self.face_boxes, 64),
        }

    def judged(self, image: Tensor) -> list[Tensor]:
        return self.parts.critic(torch.cat((self.maps, image), 1))

    def discriminator_losses(self) -> dict[str, Tensor]:
        made = {
            "D": (self.judged(self.target), self.judged(self.made.detach())),
            "DF": (self.parts.face_critic(self.faces["real"]), self.parts.face_critic(self.faces["fake"].detach())),
        }
        found = {}
        for name, (real, fake) in made.items():
            found[name] = losses.lsgan_discriminator([real], [fake])
            found[f"{name}_real"] = (real[-1] - 1).square().mean()
            found[f"{name}_fake"] = fake[-1].square().mean()
        return found

    def generator_losses(self) -> dict[str, Tensor]:
        weights = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0]
        found = {}
        pairs = {
            "G": (self.judged(self.target), self.judged(self.made), self.target, self.made),
            "GF": (
                self.parts.face_critic(self.faces["real"]),
                self.parts.face_critic(self.faces["fake"]),
                self.faces["real"],
                self.faces["fake"],
            ),
        }
        for name, (real, fake, target, made) in pairs.items():
            found[f"{name}_GAN"] = losses.lsgan_generator([fake])
            found[f"{name}_FML"] = 10 * losses.feature_distance(fake[:-1], real[:-1], [1.0] * 4)
            found[f"{name}_VGG"] = 10 * losses.feature_distance(self.vgg(made), self.vgg(target), weights)
            found[name] = found[f"{name}_GAN"] + found[f"{name}_FML"] + found[f"{name}_VGG"]
        found["grad_G"] = 10 * losses.gradient_difference(self.made, self.target)
        found["warp"] = 10 * torch.stack([losses.l1(w, self.target) for w in self.warped_images]).sum()
        return found


def test_training_step(golden: Golden, checkpoint: ReleasedCheckpoint) -> None:
    step = Step(golden, checkpoint)
    for k, image in enumerate(step.warped_images):
        golden.check(f"train/warp_src_img/{k}", image)
    golden.check("train/rec_tar_img", step.made)
    golden.check("train/face_bbox_ys_ye_xs_xe", step.face_boxes)
    golden.check("train/face_crop_real", step.faces["real"])
    for i, features in enumerate(step.judged(step.target)):
        golden.check(f"train/netD_real/{i}", features)

    judged, taught = step.discriminator_losses(), step.generator_losses()
    for name, value in (judged | taught).items():
        golden.check(f"train/loss_before_step/{name}", value)
    total = taught["G"] + taught["GF"] + taught["grad_G"] + taught["warp"]
    golden.check("train/loss_before_step/total_G_side", total)

    total.backward()
    parts = step.parts
    golden.check_gradients("train/grad/img_enc", norms(parts.image_encoder, "img_enc"))
    golden.check_gradients("train/grad/lbl_enc", norms(parts.mask_encoder, "lbl_enc"))
    golden.check_gradients("train/grad/dec", norms(parts.decoder, "dec", checkpoint.decoder_blocks))
    golden.check_gradients("train/grad/fuse_net", norms(parts.fusion, "fuse_net"))

    golden.all_seen(*(f"train/{part}" for part in ("warp", "rec", "loss_before", "face", "netD", "grad")))


@pytest.fixture(scope="module")
def method(shared: Path) -> Tsnet:
    """The method itself, as `muybridge import` sets it up."""
    folder = shared / "golden" / "tsnet"
    config, weights, stage = Tsnet.import_checkpoint(folder / "checkpoint.pth", folder / "config.yaml")
    built = Tsnet(config)
    built.load_state_dict(weights)
    assert stage == 1
    return built.eval()


def as_rgb(stored: Tensor) -> Tensor:
    """The file's pictures [..., 3, 256, 256] as the crops that the method takes."""
    mean = torch.tensor(pictures.MEAN_BGR).view(3, 1, 1)
    return ((stored + mean) / 255).flip(-3)[..., PICTURE]


def test_the_methods_own_step(golden: Golden, method: Tsnet) -> None:
    labels = golden["in/train_lbl"][..., PICTURE]
    boxes = torch.stack([make_box_maps(each) for each in labels])
    assert torch.equal(boxes[:, :, 0], golden["in/train_bbox"][..., PICTURE].float())
    batch = {
        "pictures": as_rgb(golden["in/train_img"]),
        "labels": labels,
        "boxes": boxes,
        "crossed": torch.zeros(2, dtype=torch.bool),
    }
    stage = method.stages()[0]
    method.vgg = [random_vgg19(golden)]
    scores: dict[str, list[Tensor]] = {"D": [], "DF": []}
    hooks = [
        critic.register_forward_hook(lambda _, __, verdict, kept=kept: kept.append(verdict[-1].detach()))
        for critic, kept in zip((method.critic, method.face_critic), scores.values(), strict=True)
    ]
    turns = method.turns(stage, batch)
    critics = next(turns)
    for hook in hooks:
        hook.remove()
    for name, value in {"D": critics.losses["d"], "DF": critics.losses["d_face"]}.items():
        golden.check(f"train/loss_of_optimize_parameters/{name}", value.double())
        real, fake = scores[name]
        golden.check(f"train/loss_of_optimize_parameters/{name}_real", (real - 1).square().mean().double())
        golden.check(f"train/loss_of_optimize_parameters/{name}_fake", fake.square().mean().double())
    # The discriminators move first, with half the learning rate, and judge as they are then.
    group = method.groups(stage)["critics"]
    optimiser = torch.optim.Adam(group.parameters, group.lr, group.betas)
    torch.autograd.backward(critics.total, inputs=list(group.parameters))
    optimiser.step()
    generator = next(turns)
    method.vgg = []
    weighted = {name: generator.weights.get(name, 1.0) * value for name, value in generator.losses.items()}
    found = {"grad_G": weighted.pop("gradient"), "warp": weighted.pop("transformation")}
    for released, ours in (("GAN", "gan"), ("FML", "matching"), ("VGG", "vgg")):
        found[f"G_{released}"], found[f"GF_{released}"] = weighted.pop(ours), weighted.pop(f"{ours}_face")
    assert not weighted
    for net in ("G", "GF"):
        found[net] = found[f"{net}_GAN"] + found[f"{net}_FML"] + found[f"{net}_VGG"]
    for name, value in found.items():
        golden.check(f"train/loss_of_optimize_parameters/{name}", value.double())
    golden.all_seen("train/loss_of_optimize")


@pytest.mark.parametrize("i", range(4))
def test_the_methods_own_pictures(golden: Golden, method: Tsnet, i: int) -> None:
    labels = golden["in/test_src_lbl"][..., PICTURE]
    seen = method.prepare_crops(as_rgb(golden["in/test_src_img"]), labels, make_box_maps(labels))
    with torch.no_grad():
        references = References(method.encode(*seen[:2]), seen[2], seen[0])
    made = draw_frames(method, references, golden["in/test_tar_lbl"][i : i + 1][..., PICTURE])
    # Beyond the crop the program's black is no longer quite black once colours are matched; that is not shown here.
    whole = golden[f"test/{i}/final_rgb_0_255@s8"].clone()
    whole[:, 8:24] = (made[0] * 255).movedim(0, -1)[::8, ::8]
    golden._compare(f"test/{i}/final_rgb_0_255@s8", whole)


def test_the_programs_schedule(golden: Golden, method: Tsnet) -> None:
    stage = method.stages()[0]
    groups = method.groups(stage)
    start = torch.tensor([groups["generator"].lr] * 4 + [groups["critics"].lr] * 2, dtype=torch.float64)
    torch.testing.assert_close(golden["train/lr_after_setup"][0], start)
    table = golden["train/lr_table_steps_0_27999_28000_40000_62999"]
    shares = torch.tensor([rate_factor(stage, step) for step in (0, 27999, 28000, 40000, 62999)], dtype=torch.float64)
    # The program never quite comes to zero: it divides by one picture more.
    torch.testing.assert_close(shares[:, None] * start, table, rtol=3e-6, atol=1e-9)

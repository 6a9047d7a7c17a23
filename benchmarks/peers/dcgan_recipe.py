"""PyTorch's DCGAN tutorial twice: as a recipe for `training.fit`, and with the tutorial's own loop.

Both train the same networks with the same losses, batches of 128 pictures of 64×64 and Adam's settings. The loop enlarges each picture when it
loads it, in two worker processes, as the tutorial does; the recipe gets pictures that were enlarged once.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from aigc_lab.recipes.optimizer_step import OptimizerStep, widened
from aigc_lab.transforms import from_signed, to_signed
from peers.gans import PytorchDcgan, enlarge


class DcganRecipe:
    """D learns from one batch, then G does."""

    compilable = ("generator", "discriminator")

    def __init__(self) -> None:
        networks = PytorchDcgan()
        self.generator, self.discriminator, self.latent = networks.generator, networks.discriminator, networks.latent
        settings = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), **settings)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **settings)
        self.optimizer_step, self.progress = OptimizerStep(), 0.0
        self._fake: list[Tensor] = []

    def step(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        real = (to_signed(batch[0]),)
        try:
            scalars = self.optimizer_step(self._discriminator_loss, self.d_optimizer, real)
            self.discriminator.requires_grad_(False)
            return scalars | self.optimizer_step(self._generator_loss, self.g_optimizer, real)
        finally:  # also if a turn fails: D can learn again, and no graph holds memory
            self.discriminator.requires_grad_(True)
            self._fake.clear()

    def _discriminator_loss(self, batch: tuple[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        (real,) = batch
        fake = self.generator(torch.randn(len(real), self.latent, device=real.device))
        self._fake.append(fake)
        on_real, on_fake = widened(self.discriminator(real), self.discriminator(fake.detach()))
        loss = bce(on_real, 1.0) + bce(on_fake, 0.0)
        return loss, {"discriminator": loss}

    def _generator_loss(self, batch: tuple[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        loss = bce(*widened(self.discriminator(self._fake.pop(0))), 1.0)
        return loss, {"generator": loss}

    def to(self, device: torch.device) -> "DcganRecipe":
        self.generator.to(device)
        self.discriminator.to(device)
        return self


class Photos(Dataset):
    """One picture at a time, through PIL: enlarged to 64×64, turned into a tensor (1, 64, 64), scaled to [-1, 1]."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        picture = Image.fromarray(self.images[index, 0].numpy()).resize((64, 64), Image.Resampling.BILINEAR)
        data = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(1, 64, 64)
        return (data.float().div(255) - 0.5) / 0.5


def endless(images: Tensor) -> Iterator[Tensor]:
    while True:
        yield from DataLoader(Photos(images), batch_size=128, shuffle=True, num_workers=2, drop_last=True)


def train_dcgan(recipe: DcganRecipe, images: Tensor, labels: Tensor, steps: int, device: torch.device) -> None:
    g, d = recipe.generator, recipe.discriminator
    g_optimizer = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    batches = endless(images)
    for _ in range(steps):
        real = next(batches).to(device)
        d_optimizer.zero_grad()
        on_real = bce(d(real), 1.0)
        on_real.backward()
        fake = g(torch.randn(len(real), recipe.latent, device=device))
        on_fake = bce(d(fake.detach()), 0.0)
        on_fake.backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = bce(d(fake), 1.0)
        g_loss.backward()
        g_optimizer.step()
        _ = on_real.item(), on_fake.item(), g_loss.item()


def enlarged(images: Tensor) -> Tensor:
    """All pictures at 64×64, as bytes."""
    return torch.cat([from_signed(enlarge(to_signed(part))) for part in images.split(1000)])


def bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

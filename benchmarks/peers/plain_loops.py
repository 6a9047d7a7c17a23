"""The course's models trained by loops as tutorials write them: a DataLoader that turns one example after another into a tensor, an optimiser with
its standard settings, D called once for real and once for drawn pictures, and the loss read at every step.

Networks, losses, penalties and batch sizes are those of the recipes. What differs is how they are run.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from aigc_lab import flow, gan, vae
from aigc_lab.flow import FlowRecipe
from aigc_lab.gan import GanRecipe, r1_penalty
from aigc_lab.lm import LmRecipe
from aigc_lab.vae import VaeRecipe


class Pictures(Dataset):
    """One picture at a time, through PIL: a tensor (c, h, w) in [0, 1], or in [-1, 1] if signed."""

    def __init__(self, images: Tensor, labels: Tensor, signed: bool) -> None:
        self.images, self.labels, self.signed = images, labels, signed

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.images[index].permute(1, 2, 0).squeeze(-1).numpy())
        array = np.atleast_3d(np.array(picture))
        x = torch.from_numpy(array).permute(2, 0, 1).contiguous().float().div(255)
        return (x - 0.5) / 0.5 if self.signed else x, int(self.labels[index])


def endless(data: Dataset, batch_size: int = 64) -> Iterator[list[Tensor]]:
    while True:
        yield from DataLoader(data, batch_size, shuffle=True, drop_last=True)


def average(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for mean, weight in zip(averaged.parameters(), model.parameters(), strict=True):
            mean.mul_(decay).add_(weight, alpha=1 - decay)


def train_gan(recipe: GanRecipe, images: Tensor, labels: Tensor, steps: int, device: torch.device) -> None:
    settings = {"lr": 5e-3, "betas": (0.0, 0.99)}
    g, d = recipe.generator, recipe.discriminator
    g_optimizer = torch.optim.Adam(g.parameters(), **settings)
    d_optimizer = torch.optim.Adam(d.parameters(), **settings)
    batches = endless(Pictures(images, labels, signed=True))
    for step in range(steps):
        real, y = (tensor.to(device) for tensor in next(batches))
        d_optimizer.zero_grad()
        fake = g(torch.randn(len(real), g.latent, device=device), y)
        on_real, on_fake = d(real, y), d(fake.detach(), y)
        d_loss = gan.relativistic_discriminator_loss(on_real, on_fake)
        others = (y + torch.randint(1, 10, y.shape, device=device)) % 10
        total = d_loss + 0.3 * gan.relativistic_discriminator_loss(on_real, d(real, others))
        if step % recipe.r1_every == 0:
            total = total + recipe.gamma / 2 * recipe.r1_every * r1_penalty(d, real, y)
        total.backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = gan.relativistic_generator_loss(d(real, y).detach(), d(fake, y))
        g_loss.backward()
        g_optimizer.step()
        average(recipe.averaged, g, 0.99)
        _ = d_loss.item(), g_loss.item()


def train_vae(recipe: VaeRecipe, images: Tensor, labels: Tensor, steps: int, device: torch.device) -> None:
    optimizer = torch.optim.AdamW(recipe.model.parameters(), lr=5e-3, betas=(0.9, 0.99), weight_decay=0.1)
    batches = endless(Pictures(images, labels, signed=False))
    for _ in range(steps):
        x = torch.bernoulli(next(batches)[0].to(device))
        optimizer.zero_grad()
        mu, logvar = recipe.model.encoder(x)
        logits = recipe.model.decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        kl = vae.kl_standard_normal(mu, logvar).mean()
        loss = reconstruction + kl
        loss.backward()
        optimizer.step()
        average(recipe.averaged, recipe.model, 0.99)
        _ = loss.item(), reconstruction.item(), kl.item()


def train_flow(recipe: FlowRecipe, images: Tensor, labels: Tensor, steps: int, device: torch.device) -> None:
    optimizer = torch.optim.AdamW(recipe.network.parameters(), lr=2e-3, betas=(0.9, 0.99))
    batches = endless(Pictures(images, labels, signed=True))
    for _ in range(steps):
        x, y = (tensor.to(device) for tensor in next(batches))
        noise, t = torch.randn_like(x), torch.rand(len(x), device=device)
        optimizer.zero_grad()
        loss = F.mse_loss(recipe.network(flow.between(noise, x, t), t, y), x - noise)
        loss.backward()
        optimizer.step()
        average(recipe.averaged, recipe.network, 0.99)
        _ = loss.item()


class Windows(Dataset):
    """A text's tokens, one window at a time."""

    def __init__(self, tokens: Tensor) -> None:
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> Tensor:
        return self.tokens[index].clone()


def train_lm(recipe: LmRecipe, windows: Tensor, batch_size: int, steps: int, device: torch.device) -> None:
    optimizer = torch.optim.AdamW(recipe.model.parameters(), lr=3e-3)
    batches = endless(Windows(windows), batch_size)
    for _ in range(steps):
        tokens = next(batches).to(device)
        optimizer.zero_grad()
        logits, _ = recipe.model(tokens[:, :-1])
        loss = F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(recipe.model.parameters(), 1.0)
        optimizer.step()
        _ = loss.item()

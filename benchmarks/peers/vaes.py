"""Two VAEs: Keras' convolutional example, and the perceptron VAE of the first paper. Both learn from grey values with the Bernoulli cross-entropy."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from aigc_lab.transforms import to_unit
from peers.gans import glorot


class _Vae:
    """Encoder to 2 × latent numbers, decoder to logits; training maximises the bound, estimated by one draw of z a picture."""

    latent: int
    batch_size: int
    encoder: nn.Module
    decoder: nn.Module

    def step(self, images: Tensor) -> None:
        self.optimizer.zero_grad()
        (-self._bound(to_unit(images)).mean()).backward()
        self.optimizer.step()

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        return self.decoder(torch.randn(n, self.latent)).sigmoid().view(n, 1, 28, 28)

    @torch.no_grad()
    def bound(self, x: Tensor) -> Tensor:
        return torch.cat([self._bound(part) for part in x.split(500)])

    def _bound(self, x: Tensor) -> Tensor:
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        posterior = Normal(mu, (logvar / 2).exp())
        logits = self.decoder(posterior.rsample())
        reconstruction = (
            F.binary_cross_entropy_with_logits(logits.view(x.shape), x, reduction="none").flatten(1).sum(dim=1)
        )
        return -reconstruction - kl_divergence(posterior, Normal(0.0, 1.0)).sum(dim=1)


class KerasVae(_Vae):
    """The VAE example of Keras: two convolutions, 16 units, 2 latents, Adam 1e-3, batch 128."""

    latent, batch_size = 2, 128

    def __init__(self) -> None:
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * 7 * 7, 16), nn.ReLU(), nn.Linear(16, 2 * self.latent),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(self.latent, 64 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 3, padding=1),
        )  # fmt: skip
        glorot(self.encoder)
        glorot(self.decoder)
        self.optimizer = torch.optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr=1e-3, eps=1e-7)


class PerceptronVae(_Vae):
    """The VAE of Kingma and Welling (2014) for digits: 500 tanh units each way, 20 latents (one of the paper's sizes), weights from N(0, 0.01²),
    Adagrad at 0.02 (the middle of the three steps the paper chose among), batch 100, a prior N(0, I) on the weights."""

    latent, batch_size = 20, 100

    def __init__(self) -> None:
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 500), nn.Tanh(), nn.Linear(500, 2 * self.latent))
        self.decoder = nn.Sequential(nn.Linear(self.latent, 500), nn.Tanh(), nn.Linear(500, 784))
        weights = [*self.encoder.parameters(), *self.decoder.parameters()]
        for weight in weights:
            nn.init.normal_(weight, 0, 0.01)
        self.optimizer = torch.optim.Adagrad(weights, lr=0.02, weight_decay=1 / 8000)

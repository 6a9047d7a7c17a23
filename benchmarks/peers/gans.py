"""Three GANs: PyTorch's DCGAN tutorial, TensorFlow's DCGAN tutorial, and the perceptron GAN of the first paper."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lab.transforms import to_signed, to_unit


class _Gan:
    """D learns, then G with the non-saturating loss, as in all three."""

    latent = 100
    batch_size: int
    generator: nn.Module
    discriminator: nn.Module

    def step(self, images: Tensor) -> None:
        real = self.prepare(images)
        fake = self.generator(torch.randn(len(real), self.latent))
        on_real, on_fake = self.discriminator(real), self.discriminator(fake.detach())
        self._update(self.d_optimizer, _bce(on_real, 1.0) + _bce(on_fake, 0.0))
        self._update(self.g_optimizer, _bce(self.discriminator(fake), 1.0))

    def prepare(self, images: Tensor) -> Tensor:
        return to_signed(images)

    def _update(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class PytorchDcgan(_Gan):
    """The DCGAN tutorial of PyTorch: 64×64 pictures, 64 filters, batch norm, Adam 2e-4 with β₁ = 0.5, batch 128.

    Digits are enlarged to 64×64 for it, and its samples reduced to 28×28 before they are judged. As in the tutorial, samples are drawn
    with the statistics of their own batch.
    """

    batch_size = 128

    def __init__(self) -> None:
        f = 64
        layers: list[nn.Module] = [nn.Unflatten(1, (self.latent, 1, 1))]
        for a, b, stride, padding in [
            (self.latent, 8 * f, 1, 0),
            (8 * f, 4 * f, 2, 1),
            (4 * f, 2 * f, 2, 1),
            (2 * f, f, 2, 1),
        ]:
            layers += [nn.ConvTranspose2d(a, b, 4, stride, padding, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.generator = nn.Sequential(*layers, nn.ConvTranspose2d(f, 1, 4, 2, 1, bias=False), nn.Tanh())
        layers = [nn.Conv2d(1, f, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for a, b in [(f, 2 * f), (2 * f, 4 * f), (4 * f, 8 * f)]:
            layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        self.discriminator = nn.Sequential(*layers, nn.Conv2d(8 * f, 1, 4, 1, 0, bias=False), nn.Flatten(0))
        for module in [*self.generator.modules(), *self.discriminator.modules()]:
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0, 0.02)
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1, 0.02)
        settings = {"lr": 2e-4, "betas": (0.5, 0.999)}
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), **settings)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **settings)

    def prepare(self, images: Tensor) -> Tensor:
        return enlarge(to_signed(images))

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        parts = [self.generator(torch.randn(len(part), self.latent)) for part in torch.arange(n).split(self.batch_size)]
        return reduce((torch.cat(parts) + 1) / 2)


class TensorflowDcgan(_Gan):
    """The DCGAN tutorial of TensorFlow: 5×5 kernels, batch norm in G, dropout in D, Adam 1e-4, batch 256."""

    batch_size = 256

    def __init__(self) -> None:
        self.generator = nn.Sequential(
            nn.Linear(self.latent, 7 * 7 * 256, bias=False),
            nn.BatchNorm1d(7 * 7 * 256, eps=1e-3, momentum=0.01),
            nn.LeakyReLU(0.3),
            nn.Unflatten(1, (256, 7, 7)),
            nn.ConvTranspose2d(256, 128, 5, padding=2, bias=False),
            nn.BatchNorm2d(128, eps=1e-3, momentum=0.01),
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(128, 64, 5, stride=2, padding=2, output_padding=1, bias=False),
            nn.BatchNorm2d(64, eps=1e-3, momentum=0.01),
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(64, 1, 5, stride=2, padding=2, output_padding=1, bias=False),
            nn.Tanh(),
        )
        self.discriminator = nn.Sequential(
            nn.Conv2d(1, 64, 5, stride=2, padding=2),
            nn.LeakyReLU(0.3),
            nn.Dropout(0.3),
            nn.Conv2d(64, 128, 5, stride=2, padding=2),
            nn.LeakyReLU(0.3),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(7 * 7 * 128, 1),
            nn.Flatten(0),
        )
        glorot(self.generator)
        glorot(self.discriminator)
        settings = {"lr": 1e-4, "eps": 1e-7}
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), **settings)
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **settings)

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        self.generator.eval()
        parts = [self.generator(torch.randn(len(part), self.latent)) for part in torch.arange(n).split(500)]
        self.generator.train()
        return (torch.cat(parts) + 1) / 2


class PerceptronGan(_Gan):
    """The GAN of Goodfellow et al. (2014) for digits, after the settings published with the paper: G has two layers of 1,200 rectifiers, D two of
    240 maxout units of five pieces with dropout; gradient descent at 0.1, falling, with momentum from 0.5 to 0.7 over 250 epochs."""

    batch_size = 100

    def __init__(self) -> None:
        self.generator = nn.Sequential(
            nn.Linear(self.latent, 1200),
            nn.ReLU(),
            nn.Linear(1200, 1200),
            nn.ReLU(),
            nn.Linear(1200, 784),
            nn.Sigmoid(),
            nn.Unflatten(1, (1, 28, 28)),
        )
        self.discriminator = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(784, 1200),
            _Maxout(),
            nn.Dropout(0.5),
            nn.Linear(240, 1200),
            _Maxout(),
            nn.Dropout(0.5),
            nn.Linear(240, 1),
            nn.Flatten(0),
        )
        for network, spread in [(self.generator, 0.05), (self.discriminator, 0.005)]:
            for module in network:
                if isinstance(module, nn.Linear):
                    nn.init.uniform_(module.weight, -spread, spread)
                    nn.init.zeros_(module.bias)
        self.g_optimizer = torch.optim.SGD(self.generator.parameters(), lr=0.1, momentum=0.5)
        self.d_optimizer = torch.optim.SGD(self.discriminator.parameters(), lr=0.1, momentum=0.5)
        self.steps_done = 0

    def prepare(self, images: Tensor) -> Tensor:
        if self.steps_done == 0:  # initialised as in the paper: the bias of each pixel is the logit of its mean
            mean = to_unit(images).mean(dim=(0, 1)).flatten().clamp(1e-3, 1 - 1e-3)
            with torch.no_grad():
                self.generator[4].bias.copy_(mean.logit())
        return to_unit(images)

    def step(self, images: Tensor) -> None:
        super().step(images)
        self.steps_done += 1
        epochs = self.steps_done / 80  # 8,000 digits in batches of 100
        for optimizer in (self.g_optimizer, self.d_optimizer):
            optimizer.param_groups[0]["momentum"] = 0.5 + 0.2 * min(epochs / 250, 1)
            optimizer.param_groups[0]["lr"] = max(0.1 * 1.000004**-self.steps_done, 1e-6)

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        return self.generator(torch.randn(n, self.latent))


class _Maxout(nn.Module):
    """The largest of each five neighbouring values."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, 5)).amax(dim=2)


def enlarge(images: Tensor) -> Tensor:
    return F.interpolate(images, size=64, mode="bilinear", antialias=True)


def reduce(images: Tensor) -> Tensor:
    return F.interpolate(images, size=28, mode="bilinear", antialias=True).clamp(0, 1)


def glorot(network: nn.Module) -> None:
    """Initialise as Keras does: weights from a uniform distribution (Glorot and Bengio, 2010), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

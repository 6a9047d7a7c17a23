"""Exercises of lesson 23: one step of D, and the count of modes."""

import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import gan
from aigc_lab.exercises import Exercise, Mistake, case, normal, prop
from aigc_lab.gan import ring

LESSON = "23 The GAN loss"

bce = F.binary_cross_entropy_with_logits


# One step of D --------------------------------------------------------------------------------------------------------


def discriminator_objective(discriminator, generator, real, z, loss):
    """What D minimises in one step: its logits on real and on generated examples, compared by `loss`."""
    fake = generator(z).detach()
    return loss(discriminator(real), discriminator(fake))


def _not_detached(discriminator, generator, real, z, loss):
    return loss(discriminator(real), discriminator(generator(z)))


def _nothing_learns(discriminator, generator, real, z, loss):
    return loss(discriminator(real).detach(), discriminator(generator(z)).detach())


def _only_real(discriminator, generator, real, z, loss):
    return loss(discriminator(real), discriminator(generator(z)).detach())


def _swapped(discriminator, generator, real, z, loss):
    return loss(discriminator(generator(z).detach()), discriminator(real))


def _probabilities(discriminator, generator, real, z, loss):
    return loss(discriminator(real).sigmoid(), discriminator(generator(z).detach()).sigmoid())


def _noise_as_fakes(discriminator, generator, real, z, loss):
    return loss(discriminator(real), discriminator(z))


def _players() -> tuple[nn.Module, nn.Module, torch.Tensor, torch.Tensor]:
    """D, G, real examples and noise, always the same. D works on 2 numbers, as G's noise has, so that a mix-up runs through."""
    rng = torch.Generator().manual_seed(5)
    D, G = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double(), nn.Linear(2, 2).double()
    for weight in (*D.parameters(), *G.parameters()):
        weight.data = torch.randn(weight.shape, generator=rng, dtype=torch.float64)
    return D, G, normal(6, 2, generator=rng), normal(6, 2, generator=rng)


def _ask(answer) -> tuple[torch.Tensor, nn.Module, nn.Module]:
    D, G, real, z = _players()
    return answer(D, G, real, z, gan.discriminator_loss), D, G


def _value(answer) -> bool | str:
    seen = float(_ask(answer)[0].detach())
    D, G, real, z = _players()
    expected = float(gan.discriminator_loss(D(real), D(G(z))).detach())
    return abs(seen - expected) < 1e-9 or f"it is {seen:.4g} where {expected:.4g} is expected"


def _real_first(answer) -> bool | str:
    D, G, real, z = _players()
    firsts = []
    answer(D, G, real, z, lambda r, f: firsts.append(float(r.sum())) or (r - f).mean())
    right = not firsts or abs(firsts[0] - float(D(G(z)).sum())) > 1e-9
    return right or "the logits of the fakes came first"


def _g_is_asked(answer) -> bool | str:
    D, G, real, z = _players()
    asked = []
    answer(D, lambda noise: asked.append(noise) or G(noise), real, z, gan.discriminator_loss)
    return bool(asked) or "`generator` was never called"


def _g_untouched(answer) -> bool | str:
    objective, _, G = _ask(answer)
    if objective.requires_grad:
        objective.backward()
    size = max((0.0 if p.grad is None else p.grad.abs().max().item()) for p in G.parameters())
    return size == 0 or f"after backward() G's weights hold gradients up to {size:.2g}"


def _learns_from(which: int):
    """Whether D's weights get a gradient from one side of the comparison, real (0) or generated (1)."""

    def predicate(answer) -> bool | str:
        D, G, real, z = _players()
        objective = answer(D, G, real, z, lambda *logits: logits[which].square().sum())
        if not objective.requires_grad:
            return "the logits have lost their graph"
        slopes = torch.autograd.grad(objective, list(D.parameters()), allow_unused=True)
        return any(s is not None and s.abs().max() > 0 for s in slopes) or "D's weights get no gradient"

    return predicate


OBJECTIVE = Exercise(
    id="ring.discriminator_objective",
    reference=discriminator_objective,
    properties=[
        prop("it is the loss of D's logits", _value, "`loss` takes logits, as D gives them."),
        prop("real first", _real_first, "`loss(real_logits, fake_logits)`, in this order."),
        prop("G makes the fakes", _g_is_asked, "D compares real examples with `generator(z)`."),
        prop(
            "G gets no gradient", _g_untouched, "In D's step G stands still. Cut the graph where its pictures leave it."
        ),
        prop("D learns from real examples", _learns_from(0), "The logits must keep their graph, back to D's weights."),
        prop("D learns from fakes", _learns_from(1), "The logits must keep their graph, back to D's weights."),
    ],
    mistakes={
        "fakes not detached": Mistake(
            _not_detached,
            "The loss is right, and backward() goes on through the fakes into G. Those gradients teach G to look *fake*; they wait "
            "in `.grad`, and whoever does not clear them first adds them to G's next step. It also costs a backward pass through G.",
        ),
        "logits detached": Mistake(
            _nothing_learns,
            "Now nothing can learn. Detach what comes out of G, the examples; D's logits must keep their graph.",
        ),
        "the logits of the fakes detached": Mistake(
            _only_real,
            "G is safe, but D learns from real examples only: its answer to both will rise for ever. Detach the examples "
            "*before* D sees them, not D's logits of them.",
        ),
        "real and fake the wrong way round": Mistake(
            _swapped,
            "`loss(real_logits, fake_logits)`: real first. This trains D to call real examples fake.",
        ),
        "probabilities instead of logits": Mistake(
            _probabilities,
            "The losses take logits and apply the sigmoid themselves. After a second sigmoid D can't be sure of anything.",
        ),
        "noise as fakes": Mistake(
            _noise_as_fakes,
            "D gets the noise itself. A fake is `generator(z)`; here the shapes happen to agree, so nothing complains.",
        ),
    },
    hints=[
        "Make the fakes, cut their graph, ask D twice, compare.",
        "`tensor.detach()` gives the same numbers without their history.",
        "`return loss(discriminator(real), discriminator(generator(z).detach()))`",
    ],
)


# Modes ----------------------------------------------------------------------------------------------------------------


def _nearest(samples, centres):
    distance, nearest = torch.cdist(samples, centres.to(samples)).min(dim=1)
    return distance, nearest


def _count(good, nearest, samples, centres, least=None) -> tuple[int, float]:
    each = torch.bincount(nearest[good], minlength=len(centres))
    least = len(samples) / (5 * len(centres)) if least is None else least
    return int((each >= least).sum()), good.double().mean().item()


def _without_radius(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    return _count(distance <= distance, nearest, samples, centres)[0], (distance <= 3 * sigma).double().mean().item()


def _in_a_square(samples, centres, sigma):
    _, nearest = _nearest(samples, centres)
    return _count((samples - centres[nearest]).abs().amax(dim=1) <= 3 * sigma, nearest, samples, centres)


def _squared_distance(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    return _count(distance**2 <= 3 * sigma, nearest, samples, centres)


def _one_is_enough(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    return _count(distance <= 3 * sigma, nearest, samples, centres, least=1)


def _share_of_modes(samples, centres, sigma):
    modes, share = ring.coverage(samples, centres, sigma)
    return modes / len(centres), share


def _samples(generator: torch.Generator):
    """Points around some of the centres, and some between: near misses in the corners of a square, and strays."""
    centres = 2.0 * torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]], dtype=torch.float64)
    which = torch.multinomial(torch.tensor([0.55, 0.3, 0.12, 0.03]), 200, replacement=True, generator=generator)
    cloud = centres[which] + 0.2 * normal(200, 2, generator=generator)
    corners = centres[which[:20]] + 0.5
    strays = 0.9 * centres[torch.tensor([0, 1, 2, 3] * 6)] * 0.6
    return case(samples=torch.cat([cloud, corners, strays]), centres=centres, sigma=0.2)


COVERAGE = Exercise(
    id="ring.mode_coverage",
    reference=ring.coverage,
    cases=[
        case(
            samples=torch.tensor([[0.0, 0.1], [0.2, 0.2], [0.9, 0.0], [0.5, 0.0]], dtype=torch.float64),
            centres=torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64),
            sigma=0.08,
        ),
        case(
            samples=torch.tensor([[0.0, 0.1], [0.1, 0.0], [0.0, 0.0], [0.7, 0.0]], dtype=torch.float64),
            centres=torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64),
            sigma=0.05,
        ),
        _samples,
    ],
    mistakes={
        "modes counted without the radius": Mistake(
            _without_radius,
            "Each sample is given to its nearest centre, however far away. A blob in the middle of the ring would then hit all "
            "eight modes. Only good samples may hit.",
        ),
        "a square instead of a circle": Mistake(
            _in_a_square,
            "This allows 3σ in each coordinate. Its corners reach 4.2σ: the radius is a distance in the plane.",
        ),
        "squared distance": Mistake(
            _squared_distance,
            "A squared distance is compared with a length. For 3σ = 0.15 that lets in all within 0.39: take the root, or "
            "compare with (3σ)².",
        ),
        "one sample is enough": Mistake(
            _one_is_enough,
            "A single stray point now hits a mode. Of 1,000 samples, at least 1000 / (5 · 8) = 25 must lie there.",
        ),
        "share of modes": Mistake(
            _share_of_modes,
            "The first number is a share here. Give the number of modes.",
        ),
    },
    hints=[
        "`torch.cdist(samples, centres)` gives all distances, (n, modes); `.min(dim=1)` the smallest and whose it is.",
        "Good samples: distance at most 3σ. Count them for each centre with `torch.bincount(nearest[good], minlength=len(centres))`.",
        "Modes hit: how many of these counts are at least `len(samples) / (5 * len(centres))`.",
    ],
)


EXERCISES = [OBJECTIVE, COVERAGE]

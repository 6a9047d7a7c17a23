"""Exercises of lesson 23: one step of D, and the count of modes."""

import math

import numpy as np
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


def _one_batch(discriminator, generator, real, z, loss):
    both = discriminator(torch.cat([real, generator(z).detach()]))
    return loss(both[: len(real)], both[len(real) :])


def _detached_in_one_line(discriminator, generator, real, z, loss):
    return loss(discriminator(real), discriminator(generator(z).detach()))


def _without_grad(discriminator, generator, real, z, loss):
    with torch.no_grad():
        fake = generator(z)
    real_logits, fake_logits = discriminator(real), discriminator(fake)
    return loss(real_logits, fake_logits)


def _frozen(discriminator, generator, real, z, loss):
    generator.requires_grad_(False)
    objective = loss(discriminator(real), discriminator(generator(z)))
    generator.requires_grad_(True)
    return objective


class _Watched(nn.Module):
    """A network that remembers what it was asked."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.asked: list[torch.Tensor] = []

    def forward(self, x):
        self.asked.append(x.detach())
        return self.network(x)


def _players() -> tuple[nn.Module, nn.Module, torch.Tensor, torch.Tensor]:
    """D, G, real examples and noise, always the same. D works on 2 numbers, as G's noise has, so that a mix-up runs through."""
    rng = torch.Generator().manual_seed(5)
    D, G = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double(), nn.Linear(2, 2).double()
    for weight in (*D.parameters(), *G.parameters()):
        weight.data = torch.randn(weight.shape, generator=rng, dtype=torch.float64)
    return D, G, normal(6, 2, generator=rng), normal(6, 2, generator=rng)


def _loss(real_logits, fake_logits, /) -> torch.Tensor:
    """By position only, since the losses of the lesson name their arguments differently."""
    return gan.discriminator_loss(real_logits, fake_logits)


def _ask(answer) -> tuple[torch.Tensor, nn.Module, nn.Module]:
    D, G, real, z = _players()
    return answer(D, G, real, z, _loss), D, G


def _value(answer) -> bool | str:
    seen = float(_ask(answer)[0].detach())
    D, G, real, z = _players()
    expected = float(gan.discriminator_loss(D(real), D(G(z))).detach())
    return abs(seen - expected) < 1e-9 or f"it is {seen:.4g} where {expected:.4g} is expected"


def _real_first(answer) -> bool | str:
    D, G, real, z = _players()
    firsts = []

    def noting(real_logits, fake_logits, /):
        firsts.append(float(real_logits.sum()))
        return (real_logits - fake_logits).mean()

    answer(D, G, real, z, noting)
    right = not firsts or abs(firsts[0] - float(D(G(z)).sum())) > 1e-9
    return right or "the logits of the fakes came first"


def _g_is_asked(answer) -> bool | str:
    D, G, real, z = _players()
    watched = _Watched(G)
    answer(D, watched, real, z, _loss)
    return bool(watched.asked) or "`generator` was never called"


def _apart(answer) -> bool | str:
    D, G, real, z = _players()
    watched = _Watched(D)
    answer(watched, G, real, z, _loss)
    sizes = [len(x) for x in watched.asked]
    return max(sizes, default=0) <= len(real) or f"D was asked for {max(sizes)} examples in one call"


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

        def of_one_side(real_logits, fake_logits, /):
            return (real_logits, fake_logits)[which].square().sum()

        objective = answer(D, G, real, z, of_one_side)
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
            "G gets no gradient", _g_untouched, "In D's step G stands still. Cut the graph where the examples leave G."
        ),
        prop("D learns from real examples", _learns_from(0), "The logits must keep their graph, back to D's weights."),
        prop("D learns from fakes", _learns_from(1), "The logits must keep their graph, back to D's weights."),
        prop("D is asked for each kind on its own", _apart, "One call for the real examples, one for the fakes."),
    ],
    alternatives=[_detached_in_one_line, _without_grad, _frozen],
    mistakes={
        "fakes not detached": Mistake(
            _not_detached,
            "The loss is right, and backward() goes on through the fakes into G. Those gradients teach G to look *fake*; they wait "
            "in `.grad`, and G's next step adds them to its own unless you clear them first. It also costs a backward pass through G.",
        ),
        "logits detached": Mistake(
            _nothing_learns,
            "Now nothing can learn. Detach what comes out of G, the examples; D's logits must keep their graph.",
        ),
        "the logits of the fakes detached": Mistake(
            _only_real,
            "G gets no gradient, but D learns from real examples only: its logits on both kinds will rise for ever. "
            "Detach the examples *before* D sees them, not the logits that D gives them.",
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
        "one call for both": Mistake(
            _one_batch,
            "The number is right for a D that judges each example by itself. With batch normalisation, though, D would "
            "normalise over a mixture of real and fake; and of the networks that train side by side below, each takes "
            "its share of the rows. Call D once for each kind.",
        ),
    },
    hints=[
        "Make the fakes, cut their graph, ask D twice, and compare the logits.",
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


def _of_the_good_ones(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    good = distance <= 3 * sigma
    return _count(good, nearest, samples, centres, least=int(good.sum()) / (5 * len(centres)))


def _fair_share(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    return _count(distance <= 3 * sigma, nearest, samples, centres, least=len(samples) / len(centres))


def _more_than(samples, centres, sigma):
    distance, nearest = _nearest(samples, centres)
    return _count(distance <= 3 * sigma, nearest, samples, centres, least=len(samples) // (5 * len(centres)) + 1)


def _share_of_modes(samples, centres, sigma):
    modes, share = ring.coverage(samples, centres, sigma)
    return modes / len(centres), share


def _by_bincount(samples, centres, sigma):
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    good = distance <= 3 * sigma
    each = torch.bincount(nearest[good], minlength=len(centres))
    return (each >= len(samples) / (5 * len(centres))).sum(), good.float().mean()


def _by_loops(samples, centres, sigma):
    hits, good = [0] * len(centres), 0
    for x, y in samples.tolist():
        distances = [math.hypot(x - a, y - b) for a, b in centres.tolist()]
        if min(distances) <= 3 * sigma:
            hits[distances.index(min(distances))] += 1
            good += 1
    return sum(5 * len(centres) * hit >= len(samples) for hit in hits), good / len(samples)


def _by_numpy(samples, centres, sigma):
    samples, centres = np.asarray(samples), np.asarray(centres)
    squared = ((samples[:, None] - centres) ** 2).sum(axis=2)
    good = squared.min(axis=1) <= (3 * sigma) ** 2
    hits = [5 * np.sum(good & (squared.argmin(axis=1) == mode)) * len(centres) for mode in range(len(centres))]
    return int(np.sum(np.array(hits) >= len(samples))), float(good.mean())


def _mostly_bad():
    """Of 90 points 11 are good: 6 at the first centre, just enough to hit it, and 5 at the second, one too few."""
    centres = torch.tensor([[0.0, 0.0], [4.0, 0.0], [8.0, 0.0]], dtype=torch.float64)
    good = torch.cat([centres[:1].expand(6, 2), centres[1:2].expand(5, 2)])
    bad = torch.stack([torch.linspace(-4, 12, 79, dtype=torch.float64), torch.full((79,), 3.0).double()], dim=1)
    return case(samples=torch.cat([good, bad]), centres=centres, sigma=0.5)


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
        case(  # the first point lies just 3σ away
            samples=torch.tensor([[1.5, 0.0], [4.0, 0.25]], dtype=torch.float64),
            centres=torch.tensor([[0.0, 0.0], [4.0, 0.0]], dtype=torch.float64),
            sigma=0.5,
        ),
        _mostly_bad(),
        _samples,
    ],
    alternatives=[_by_bincount, _by_loops, _by_numpy],
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
            "You compare a squared distance with a length. For 3σ = 0.15 that lets in all within 0.39: take the root, "
            "or compare with (3σ)².",
        ),
        "one sample is enough": Mistake(
            _one_is_enough,
            "A single stray point now hits a mode. Of 1,000 samples, at least 1000 / (5 · 8) = 25 must lie there.",
        ),
        "share of modes": Mistake(
            _share_of_modes,
            "Your first number is the share of the modes that are hit. Return their number.",
        ),
        "a fifth of the good samples' share": Mistake(
            _of_the_good_ones,
            "You set the bar by the number of good samples, so it sinks when most samples are bad: one good sample in "
            "90 would hit its mode. In n / (5 · modes), n counts *all* samples.",
        ),
        "a full fair share": Mistake(
            _fair_share,
            "You ask for a mode's whole fair share, n / modes. Even a perfect model misses that for about half of the "
            "modes, by chance. A fifth of it is enough.",
        ),
        "more than the bar": Mistake(
            _more_than,
            "You ask for more than n / (5 · modes) good samples. With exactly that many the mode counts as hit, too: "
            "compare with `>=`.",
        ),
    },
    hints=[
        "`torch.cdist(samples, centres)` gives all distances, (n, modes); `.min(dim=1)` gives the smallest for each "
        "sample, and the number of its centre.",
        "Good samples: distance at most 3σ. Count them for each centre with `torch.bincount(nearest[good], minlength=len(centres))`.",
        "Modes hit: how many of these counts are at least `len(samples) / (5 * len(centres))`.",
    ],
)


EXERCISES = [OBJECTIVE, COVERAGE]

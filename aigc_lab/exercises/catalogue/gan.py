"""Exercises of lesson 23: the losses of both players, one step of D, the gradient penalty, and the count of modes."""

import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import gan_losses, gan_penalties, ring
from aigc_lab.exercises import Exercise, Mistake, case, normal, prop

LESSON = "23 The GAN loss"

bce = F.binary_cross_entropy_with_logits


# The losses -----------------------------------------------------------------------------------------------------------


def _logits(*names: str):
    """A case of logits, mild or wild: a sigmoid is exactly 1 from 37 on in float64."""

    def draw(generator: torch.Generator):
        scale = (1.0, 4.0, 40.0)[int(torch.randint(3, (1,), generator=generator))]
        return case(**{name: scale * normal(3 + i, generator=generator) for i, name in enumerate(names)})

    return draw


def _f64(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


D_LOSS = Exercise(
    id="gan.discriminator_loss",
    reference=gan_losses.discriminator_loss,
    cases=[
        case(real_logits=_f64(2.0), fake_logits=_f64(-1.0, 0.0)),
        case(real_logits=_f64(60.0, -3.0), fake_logits=_f64(60.0)),
        _logits("real_logits", "fake_logits"),
    ],
    gradients=True,
    mistakes={
        "labels swapped": Mistake(
            lambda real_logits, fake_logits: F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean(),
            "This rewards a D that calls real examples fake. At logit 2 on a real example the loss should be small, "
            "0.127; you get 2.127.",
        ),
        "the value, not the loss": Mistake(
            lambda real_logits, fake_logits: F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean(),
            "This is V itself, which D wants to be large. An optimiser goes down: which sign does it need?",
        ),
        "one mean over all examples": Mistake(
            lambda real_logits, fake_logits: torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean(),
            "V adds two means, one over real examples and one over fakes. One mean over all is half as large for equal "
            "batches (0.693 for a guessing D, not 1.386), and weighs the classes by their sizes otherwise.",
        ),
        "sigmoid applied twice": Mistake(
            lambda real_logits, fake_logits: (
                bce(real_logits.sigmoid(), torch.ones_like(real_logits))
                + bce(fake_logits.sigmoid(), torch.zeros_like(fake_logits))
            ),
            "`binary_cross_entropy_with_logits` applies a sigmoid of its own. Given probabilities, it sees logits between 0 "
            "and 1: the loss on real examples can't fall below 0.313, however good D is.",
        ),
        "logarithm of a rounded probability": Mistake(
            lambda real_logits, fake_logits: (
                -real_logits.sigmoid().log().mean() - (1 - fake_logits.sigmoid()).log().mean()
            ),
            "Right on paper. But sigmoid(60) is exactly 1 in floating point, and log(1 - 1) is minus infinity; the loss "
            "should be 60. Use softplus or logsigmoid of the logit.",
        ),
        "the second logarithm at the wrong place": Mistake(
            lambda real_logits, fake_logits: F.softplus(-real_logits).mean() - (1 - F.logsigmoid(fake_logits)).mean(),
            "The second term is log(1 - D), not 1 - log D. Subtract first, then take the logarithm.",
        ),
    },
    hints=[
        "-log σ(l) is the cost of a real example. What is it for a fake, whose probability of being fake is 1 - σ(l)?",
        "1 - σ(l) = σ(-l), and -log σ(l) is `F.softplus(-l)`.",
        "`F.softplus(-real_logits).mean()` plus the same for the fakes, with the other sign inside.",
    ],
)

G_LOSS = Exercise(
    id="gan.generator_loss",
    reference=gan_losses.generator_loss,
    cases=[case(fake_logits=_f64(-2.0)), case(fake_logits=_f64(-800.0, 60.0)), _logits("fake_logits")],
    gradients=True,
    mistakes={
        "minimax loss": Mistake(
            lambda fake_logits: F.logsigmoid(-fake_logits).mean(),
            "This is log(1 - D), from the original game. Its slope vanishes just where D is sure to see a fake: at logit -2 "
            "it is -0.12, while that of -log D is -0.88.",
        ),
        "minus the minimax loss": Mistake(
            lambda fake_logits: F.softplus(fake_logits).mean(),
            "This is -log(1 - D): small when D calls the fakes fake. It is D's own term, and a G that descends it learns to "
            "look fake. Which answer does G want to hear?",
        ),
        "a gain, not a loss": Mistake(
            lambda fake_logits: F.logsigmoid(fake_logits).mean(),
            "G wants log D to be large, and an optimiser makes things small. A sign is missing.",
        ),
        "the sum": Mistake(
            lambda fake_logits: F.softplus(-fake_logits).sum(),
            "A sum over the batch: twice the batch would mean twice the learning rate. The expectation is a mean.",
        ),
        "sigmoid applied twice": Mistake(
            lambda fake_logits: bce(fake_logits.sigmoid(), torch.ones_like(fake_logits)),
            "`binary_cross_entropy_with_logits` wants logits. Given probabilities, it never falls below 0.313, and its slope "
            "vanishes on both sides.",
        ),
        "logarithm of a rounded probability": Mistake(
            lambda fake_logits: -fake_logits.sigmoid().log().mean(),
            "Right on paper. But sigmoid(-800) is exactly 0 in floating point, so its logarithm is infinite and the gradient not "
            "a number; the loss should be 800. Use softplus or logsigmoid of the logit.",
        ),
        "Wasserstein loss": Mistake(
            lambda fake_logits: -fake_logits.mean(),
            "This is the loss for a critic whose slope is bounded. Its slope is -1 even where D is already convinced.",
        ),
    },
    hints=[
        "G wants D to call the fakes real. What would D's loss be if these were real examples?",
        "-log σ(l) is `F.softplus(-l)`, finite at any logit.",
    ],
)


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
    return answer(D, G, real, z, gan_losses.discriminator_loss), D, G


def _value(answer) -> bool | str:
    seen = float(_ask(answer)[0].detach())
    D, G, real, z = _players()
    expected = float(gan_losses.discriminator_loss(D(real), D(G(z))).detach())
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
    answer(D, lambda noise: asked.append(noise) or G(noise), real, z, gan_losses.discriminator_loss)
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
    id="gan.discriminator_objective",
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
    id="gan.mode_coverage",
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


# The gradient penalty -------------------------------------------------------------------------------------------------


def _slope(critic, points, graph=True):
    points = points.detach().requires_grad_()
    return torch.autograd.grad(critic(points).sum(), points, create_graph=graph)[0]


def _between(real, fake, alpha):
    return alpha * real + (1 - alpha) * fake


def _one_each(real):
    return torch.rand((len(real),) + (1,) * (real.ndim - 1), dtype=real.dtype)


def _deviation(slope):
    return (torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1).square().mean()


def _normal_alpha(critic, real, fake):
    alpha = torch.randn((len(real),) + (1,) * (real.ndim - 1), dtype=real.dtype)
    return _deviation(_slope(critic, _between(real, fake, alpha)))


def _alpha_each_number(critic, real, fake):
    return _deviation(_slope(critic, _between(real, fake, torch.rand_like(real))))


def _alpha_for_all(critic, real, fake):
    return _deviation(_slope(critic, _between(real, fake, torch.rand(1, dtype=real.dtype))))


def _infinite_at_zero(critic, real, fake):
    slope = _slope(critic, _between(real, fake, _one_each(real)))
    return (slope.square().flatten(1).sum(dim=1).sqrt() - 1).square().mean()


def _norm_over_all(critic, real, fake):
    return (_slope(critic, _between(real, fake, _one_each(real))).norm() - 1).square()


def _no_graph(critic, real, fake):
    return _deviation(_slope(critic, _between(real, fake, _one_each(real)), graph=False))


def _to_zero(critic, real, fake):
    return _slope(critic, _between(real, fake, _one_each(real))).flatten(1).square().sum(dim=1).mean()


def _norm_of_last_axis(critic, real, fake):
    return (_slope(critic, _between(real, fake, _one_each(real))).norm(dim=-1) - 1).square().mean()


class _Spy(nn.Module):
    """A critic that remembers where it was asked."""

    def forward(self, points):
        self.seen = points.detach()
        return points.flatten(1).sum(dim=1)


class _Line(nn.Module):
    """A linear critic whose slope is the same everywhere."""

    def __init__(self, *weights: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(_f64(*weights))

    def forward(self, points):
        return points.flatten(1) @ self.weight


def _asked_at(answer, n: int, *shape: int) -> torch.Tensor:
    """Where the critic was asked, when real examples are 1 and fakes 0: that is α, or 1 - α."""
    spy, torch_state = _Spy(), torch.random.get_rng_state()
    torch.manual_seed(3)
    answer(spy, torch.ones(n, *shape, dtype=torch.float64), torch.zeros(n, *shape, dtype=torch.float64))
    torch.random.set_rng_state(torch_state)
    return spy.seen


def _value_of_line(answer) -> bool | str:
    pictures = normal(5, 1, 2, 2)
    seen = float(answer(_Line(1.0, 2.0, 2.0, 4.0), pictures, -pictures).detach())
    return abs(seen - 16) < 1e-6 or f"for a critic whose slope has length 5 it is {seen:.4g}, and (5 - 1)² = 16"


def _one_pair(answer) -> bool | str:
    seen = float(answer(_Line(3.0, 4.0), normal(1, 2), -normal(1, 2)).detach())
    return abs(seen - 16) < 1e-6 or f"for one pair and a slope of length 5 it is {seen:.4g}, and (5 - 1)² = 16"


def _each_its_own(answer) -> bool | str:
    points = _f64(3.0, 4.0, 0.6, 0.8).reshape(2, 2)  # the slope of |x|²/2 is x: lengths 5 and 1
    seen = float(answer(lambda x: x.square().flatten(1).sum(dim=1) / 2, points, points).detach())
    return abs(seen - 8) < 1e-6 or f"slopes of length 5 and 1 give {seen:.4g}; (16 + 0) / 2 = 8 is expected"


def _inside(answer) -> bool | str:
    seen = _asked_at(answer, 2000, 2)
    outside = ((seen < 0) | (seen > 1)).double().mean().item()
    return outside == 0 or f"{outside:.0%} of the points lie outside of the segment"


def _one_a_pair(answer) -> bool | str:
    seen = _asked_at(answer, 50, 1, 3, 3).flatten(1)
    return bool((seen == seen[:, :1]).all()) or "α differs from number to number within one picture"


def _differs(answer) -> bool | str:
    seen = _asked_at(answer, 50, 2)[:, 0]
    return len(seen.unique()) > 40 or f"50 pairs got {len(seen.unique())} different α"


def _finite(answer) -> bool | str:
    flat = _Line(0.0, 0.0)
    loss = answer(flat, normal(4, 2), -normal(4, 2))
    if not loss.requires_grad:
        return True  # said elsewhere
    (slope,) = torch.autograd.grad(loss, flat.weight, allow_unused=True)
    return slope is None or bool(slope.isfinite().all()) or f"the gradient is {slope.tolist()} where the critic is flat"


def _reaches_weights(answer) -> bool | str:
    line = _Line(3.0, 4.0)
    loss = answer(line, normal(4, 2), -normal(4, 2))
    if not loss.requires_grad:
        return "the penalty has no graph: backward() would fail"
    (slope,) = torch.autograd.grad(loss, line.weight, allow_unused=True)
    return (slope is not None and slope.abs().max() > 0) or "no gradient reaches the critic's weights"


PENALTY = Exercise(
    id="gan.gradient_penalty",
    reference=lambda critic, real, fake: gan_penalties.gradient_penalty(critic, real, fake),
    properties=[
        prop(
            "its value for a linear critic",
            _value_of_line,
            "Take the length of each example's whole slope, minus 1, squared.",
        ),
        prop("its value for a single pair", _one_pair, "(length - 1)², also for a batch of one."),
        prop(
            "each example has its own slope",
            _each_its_own,
            "First the length for each example, then the mean over examples.",
        ),
        prop("points lie between real and fake", _inside, "α is uniform on [0, 1], so the points lie on the segment."),
        prop("one α a pair", _one_a_pair, "With an α for each pixel the points fill a box, not the segment."),
        prop("each pair its own α", _differs, "One α for the whole batch sees one slice at a time."),
        prop("a finite gradient where the critic is flat", _finite, "The square root has an infinite slope at 0."),
        prop(
            "it reaches the critic's weights",
            _reaches_weights,
            "The slope itself must be differentiable: create_graph.",
        ),
    ],
    mistakes={
        "α from a normal distribution": Mistake(
            _normal_alpha,
            "`torch.randn` instead of `torch.rand`: two thirds of the points (0.66) then lie outside of the segment between real and "
            "fake. A tutorial of a large library had this for years; it trains all the same, so nobody noticed.",
        ),
        "an α for each number": Mistake(
            _alpha_each_number,
            "`torch.rand_like(real)` draws one α for each pixel: the points fill the box between the two pictures. One α an example, with "
            "shape (n, 1, ...).",
        ),
        "one α for the whole batch": Mistake(
            _alpha_for_all,
            "A single α for all pairs. Still right on average, but each step then checks one slice only. Draw n of them.",
        ),
        "the root's infinite slope": Mistake(
            _infinite_at_zero,
            "The value is right. But where the slope is exactly 0 (a critic that starts with zero weights, or a dead ReLU) the square root has an "
            "infinite derivative, times 0 gives nan, and one nan is the end of the training. `torch.linalg.vector_norm` takes 0 there.",
        ),
        "one length for the whole batch": Mistake(
            _norm_over_all,
            "`slope.norm()` adds up the squares of all examples: with n of slope 1 it is √n, not 1. Flatten each example, and take the "
            "norm with `dim=1`.",
        ),
        "the length along the last axis": Mistake(
            _norm_of_last_axis,
            "`norm(dim=-1)` is right for points. In a picture it takes each row of pixels for an example. `flatten(1)` first.",
        ),
        "no graph kept": Mistake(
            _no_graph,
            "Without `create_graph=True` the slope is a mere number: the penalty is shown, and teaches nothing.",
        ),
        "slope pulled to 0": Mistake(
            _to_zero,
            "This is the mean squared slope, R1 at other points: it wants the critic flat. Wasserstein's critic should have slope 1.",
        ),
    },
    hints=[
        "α: `torch.rand` with one number an example, in a shape that multiplies the examples, such as (n, 1) or (n, 1, 1, 1).",
        "Make the points require a gradient; `torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]` is each one's slope.",
        "`torch.linalg.vector_norm(slope.flatten(1), dim=1)` is finite in value and gradient; then (norm - 1)², then the mean.",
    ],
)

EXERCISES = [D_LOSS, G_LOSS, OBJECTIVE, COVERAGE, PENALTY]

"""Exercise of lesson 23: the gradient penalty."""

import torch
from torch import nn

from aigc_lab import gan
from aigc_lab.exercises import Exercise, Mistake, normal, prop

LESSON = "23 The GAN loss"


def _f64(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


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


def _one_sided(critic, real, fake):
    slope = _slope(critic, _between(real, fake, _one_each(real)))
    return (torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1).clamp(min=0).square().mean()


def _as_hinted(critic, real, fake):
    alpha = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype)
    points = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    slope = torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]
    return ((torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1) ** 2).mean()


def _with_a_tiny_number_under_the_root(critic, real, fake):
    alpha = torch.rand_like(real.flatten(1)[:, :1]).reshape(-1, *[1] * (real.ndim - 1))
    points = torch.lerp(real.detach(), fake.detach(), alpha).requires_grad_()
    scores = critic(points)
    slope = torch.autograd.grad(scores, points, torch.ones_like(scores), create_graph=True)[0]
    squared = slope.square().flatten(1).sum(dim=1)
    return (squared - 2 * (squared + 1e-12).sqrt() + 1).mean()  # (length - 1)², multiplied out


def _example_by_example(critic, real, fake):
    pairs = zip(real.detach(), fake.detach(), torch.rand(len(real), dtype=real.dtype), strict=True)
    points = torch.stack([b + alpha * (a - b) for a, b, alpha in pairs]).requires_grad_()
    slopes = torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]
    total = 0.0
    for slope in slopes:
        total = total + (slope.norm() - 1) ** 2
    return total / len(slopes)


class _Spy(nn.Module):
    """A critic that remembers where it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, points):
        self.seen = points.detach()
        self.calls += 1
        return points.flatten(1).sum(dim=1)


class _Line(nn.Module):
    """A linear critic whose slope is the same everywhere."""

    def __init__(self, *weights: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(_f64(*weights))

    def forward(self, points):
        return points.flatten(1) @ self.weight


def _asked_at(answer, n: int, *shape: int) -> torch.Tensor:
    """Where the critic was asked, as a share of the way from fakes (all 1) to real examples (all 3): that is α, or 1 - α."""
    spy, torch_state = _Spy(), torch.random.get_rng_state()
    torch.manual_seed(3)
    ones = torch.ones(n, *shape, dtype=torch.float64)
    answer(spy, 3 * ones, ones)
    torch.random.set_rng_state(torch_state)
    return (spy.seen - 1) / 2


def _value_of_line(answer) -> bool | str:
    pictures = normal(5, 1, 2, 2)
    seen = float(answer(_Line(1.0, 2.0, 2.0, 4.0), pictures, -pictures).detach())
    return abs(seen - 16) < 1e-6 or f"for a critic whose slope has length 5 it is {seen:.4g}, and (5 - 1)² = 16"


def _one_pair(answer) -> bool | str:
    seen = float(answer(_Line(3.0, 4.0), normal(1, 2), -normal(1, 2)).detach())
    return abs(seen - 16) < 1e-6 or f"for one pair and a slope of length 5 it is {seen:.4g}, and (5 - 1)² = 16"


def _each_its_own(answer) -> bool | str:
    points = _f64(3.0, 4.0, 0.3, 0.4).reshape(2, 2)  # the slope of |x|²/2 is x: lengths 5 and 0.5
    seen = float(answer(lambda x: x.square().flatten(1).sum(dim=1) / 2, points, points).detach())
    expected = "(16 + 0.25) / 2 = 8.125 is expected"
    return abs(seen - 8.125) < 1e-6 or f"slopes of length 5 and 0.5 give {seen:.5g}; {expected}"


def _flat_costs_too(answer) -> bool | str:
    seen = float(answer(_Line(0.3, 0.4), normal(5, 2), -normal(5, 2)).detach())
    return abs(seen - 0.25) < 1e-6 or f"for a critic whose slope has length 0.5 it is {seen:.4g}, and (0.5 - 1)² = 0.25"


def _inside(answer) -> bool | str:
    seen = _asked_at(answer, 2000, 2)
    outside = ((seen < -1e-9) | (seen > 1 + 1e-9)).double().mean().item()
    return outside == 0 or f"{outside:.0%} of the points lie outside the segment"


def _one_a_pair(answer) -> bool | str:
    seen = _asked_at(answer, 50, 1, 3, 3).flatten(1)
    return bool((seen - seen[:, :1]).abs().max() < 1e-9) or "α differs from number to number within one picture"


def _differs(answer) -> bool | str:
    seen = _asked_at(answer, 50, 2)[:, 0]
    return len(seen.unique()) > 40 or f"50 pairs got {len(seen.unique())} different α"


def _uniform(answer) -> bool | str:
    n, alpha = 2000, _asked_at(answer, 2000, 2)[:, 0]
    quarters = torch.histc(alpha, 4, 0, 1) / n
    worst = int((quarters - 0.25).abs().argmax())
    near = (quarters[worst] - 0.25).abs() < 5 * (0.25 * 0.75 / n) ** 0.5
    return (
        bool(near)
        or f"{quarters[worst]:.0%} of the α lie between {worst / 4:g} and {(worst + 1) / 4:g}, and 25% should"
    )


def _asked_once(answer) -> bool | str:
    spy = _Spy()
    answer(spy, normal(6, 2), -normal(6, 2))
    return spy.calls == 1 or f"for 6 pairs it was called {spy.calls} times"


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
    id="gan_penalties.gradient_penalty",
    reference=lambda critic, real, fake: gan.gradient_penalty(critic, real, fake),
    properties=[
        prop(
            "(length - 1)² for a linear critic",
            _value_of_line,
            "Take the length of each example's whole slope, subtract 1, and square.",
        ),
        prop("(length - 1)² for a single pair", _one_pair, "The same holds for a batch of one."),
        prop(
            "each example has its own slope",
            _each_its_own,
            "First the length for each example, then the mean over examples.",
        ),
        prop(
            "slopes below 1 cost, too",
            _flat_costs_too,
            "The penalty is two-sided: a critic that is too flat pays as well.",
        ),
        prop("the critic is called once", _asked_once, "Give it all n points in one call."),
        prop("points lie between real and fake", _inside, "α is uniform on [0, 1], so the points lie on the segment."),
        prop("α is uniform", _uniform, "`torch.rand` as it is: no place between the two ends is preferred."),
        prop("one α a pair", _one_a_pair, "With an α for each pixel the points fill a box, not the segment."),
        prop("each pair its own α", _differs, "With one α for the whole batch, each step checks a single slice."),
        prop(
            "a finite gradient where the critic is flat",
            _finite,
            "The square root has an infinite slope at 0. `torch.linalg.vector_norm` takes 0 there.",
        ),
        prop(
            "it reaches the critic's weights",
            _reaches_weights,
            "The slope itself must be differentiable: pass `create_graph=True`.",
        ),
    ],
    alternatives=[_as_hinted, _with_a_tiny_number_under_the_root, _example_by_example],
    mistakes={
        "α from a normal distribution": Mistake(
            _normal_alpha,
            "`torch.randn` instead of `torch.rand`: two thirds of the points (0.66) then lie outside the segment between real and "
            "fake. A well-known tutorial had this for three years: the critic trains all the same, so it is easy to miss.",
        ),
        "an α for each number": Mistake(
            _alpha_each_number,
            "`torch.rand_like(real)` draws one α for each pixel: the points fill the box between the two pictures. "
            "Draw one α for each example, in the shape (n, 1, ...).",
        ),
        "one α for the whole batch": Mistake(
            _alpha_for_all,
            "You draw a single α for all pairs. That is right on average, but each step then checks one slice only. "
            "Draw n of them.",
        ),
        "the root's infinite slope": Mistake(
            _infinite_at_zero,
            "The value is right. But where the slope is exactly 0 (a critic that starts with zero weights, or a dead "
            "ReLU) the square root has an infinite derivative. Multiplied by 0 it gives nan, and one nan ends the "
            "training. `torch.linalg.vector_norm` takes 0 there.",
        ),
        "one length for the whole batch": Mistake(
            _norm_over_all,
            "`slope.norm()` adds up the squares of all examples: for n examples with slope 1 it gives √n, not 1. "
            "Flatten each example, and take the norm with `dim=1`.",
        ),
        "the length along the last axis": Mistake(
            _norm_of_last_axis,
            "`norm(dim=-1)` is right for points. In a picture it takes each row of pixels for an example. Call "
            "`flatten(1)` first.",
        ),
        "no graph kept": Mistake(
            _no_graph,
            "Without `create_graph=True` the slope is a mere number to autograd: the penalty has the right value, but "
            "no gradient reaches the critic's weights.",
        ),
        "only slopes above 1": Mistake(
            _one_sided,
            "This is the one-sided penalty: it leaves slopes below 1 alone. That is a sensible penalty, but not the "
            "one asked for: the formula above pulls from both sides.",
        ),
        "slope pulled to 0": Mistake(
            _to_zero,
            "This is the mean squared slope, as in R1 but at other points: it pulls the critic flat. Wasserstein's "
            "critic should have slope 1.",
        ),
    },
    hints=[
        "Draw α with `torch.rand`, one number for each example, in a shape that broadcasts over the examples: (n, 1) "
        "or (n, 1, 1, 1).",
        "Make the points require a gradient; `torch.autograd.grad(critic(points).sum(), points, create_graph=True)[0]` "
        "is the slope at each point.",
        "`torch.linalg.vector_norm(slope.flatten(1), dim=1)` is finite in value and gradient; then (norm - 1)², then the mean.",
    ],
)


EXERCISES = [PENALTY]

"""A mistake is named only where it was made: a planted slip that gets a mistake's name does what the mistake does."""

import datetime
import functools
import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab import gan
from aigc_lab.exercises import Exercise, Mistake, case, lookup, prop
from aigc_lab.exercises.judging.behaviour import Reference
from aigc_lab.exercises.judging.compare import difference, precision_for
from aigc_lab.exercises.judging.diagnosis import diagnose
from aigc_lab.exercises.judging.exercise import Case
from aigc_lab.exercises.judging.judge import examine
from aigc_lab.exercises.judging.run import attempt, call, preserved

from exercises.slips import slips

torch.optim.SGD([torch.zeros(1)], lr=1.0)  # the first optimiser of a process takes seconds, which no check has


# What a reader met ----------------------------------------------------------------------------------------------------


def bce_of(discriminator, real, fake, total=torch.mean):
    return total(F.softplus(-discriminator(real))) + total(F.softplus(discriminator(fake.detach())))


def without_a_step(discriminator, optimizer, real, fake):
    loss = bce_of(discriminator, real, fake)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


def sums(discriminator, optimizer, real, fake):
    loss = bce_of(discriminator, real, fake, torch.sum)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def two_mistakes(discriminator, optimizer, real, fake):
    loss = bce_of(discriminator, real, fake) / 2
    loss.backward()
    optimizer.step()
    return loss.item()


def minus_d(generator, discriminator, optimizer, z):
    discriminator.requires_grad_(False)
    loss = -discriminator(generator(z)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return loss.item()


@pytest.mark.parametrize(
    ("id", "answer", "broken"),
    [
        ("gan_steps.discriminator_step", two_mistakes, "loss comes back"),
        ("gan_steps.generator_step", minus_d, "comes back"),
    ],
)
def test_a_mistake_that_is_not_listed_is_told_the_first_broken_property_and_no_name(id, answer, broken):
    verdict = examine(lookup.find(id), answer)
    assert verdict.mistake is None
    assert verdict.state == "property"
    assert broken in verdict.broken.name


@pytest.mark.parametrize(
    ("answer", "name"), [(without_a_step, "no step of the optimiser"), (sums, "sums instead of means")]
)
def test_a_listed_mistake_is_told_its_own_name_and_no_other(answer, name):
    assert examine(lookup.find("gan_steps.discriminator_step"), answer).mistake == name


def test_a_listed_mistake_in_other_words_is_named():
    def backward_into_g(discriminator, optimizer, real, fake):
        optimizer.zero_grad()
        loss = gan.discriminator_loss(discriminator(real), discriminator(fake))
        loss.backward()
        optimizer.step()
        return float(loss)

    def half(discriminator, optimizer, real, fake):
        loss = bce_of(discriminator, real, fake) * 0.5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    exercise = lookup.find("gan_steps.discriminator_step")
    assert examine(exercise, backward_into_g).mistake == "fakes not detached"
    assert examine(exercise, half).mistake == "one mean over both"


# What cases tell apart ------------------------------------------------------------------------------------------------


def doubled(x, wrong=None):
    return 2 * x


def demo(mistake, **fields):
    cases = [case(x=torch.tensor([1.0, 2.0], dtype=torch.float64))]
    return Exercise(
        "demo.doubled", doubled, **{"cases": cases, "mistakes": {"usual": Mistake(mistake, "Why.")}} | fields
    )


def crash(text):
    def answer(x):
        raise RuntimeError(text)

    return answer


def writes(amount, value=1.0):
    def answer(x):
        result = value * 2 * x
        x += amount
        return result

    return answer


def cut(of):
    return lambda x: 2 * x.detach() if of == "all" else 2 * torch.cat([x[:1].detach(), x[1:]])


@pytest.mark.parametrize(
    ("mistake", "other", "fields"),
    [
        (crash("sizes 3 and 4 don't match"), crash("sizes 3 and 5 don't match"), {}),
        (crash("no key 'a'"), crash("no such file"), {}),
        (lambda x: x.sum(), lambda x: x.mean(), {}),  # both of the wrong shape
        (lambda x: [1, 2], lambda x: [2, 1], {}),  # both of the wrong type
        (writes(1.0), writes(3.0), {}),  # both right, and both change their input
        (writes(1.0, 1.5), writes(3.0, 1.5), {}),
        (cut("all"), cut("first"), {"gradients": True}),
        (lambda x: 2.020 * x, lambda x: 2.030 * x, {"tolerance": 0.006}),  # nearer to each other than the tolerance
    ],
)
def test_two_answers_that_fail_in_the_same_way_are_told_apart(mistake, other, fields):
    exercise = demo(mistake, **fields)
    assert examine(exercise, mistake).mistake == "usual"
    verdict = examine(exercise, other)
    assert verdict.state != "right"
    assert verdict.mistake is None


def test_answers_that_agree_on_the_cases_by_chance_are_told_apart_on_others():
    def draw(rng):
        return case(x=torch.randn(1, generator=rng))

    by_sign = Mistake(lambda x: bool(x[0] < 0), "Why.")
    exercise = Exercise("demo.positive", lambda x: bool(x[0] > 0), [draw], mistakes={"sign": by_sign})
    drawn = [one.arguments["x"][0].item() for one in exercise.drawn_cases()]

    def on_these_only(x):
        return bool(x[0] < 0) if x[0].item() in drawn else bool(x[0] > 0)

    assert examine(exercise, by_sign.answer).mistake == "sign"
    verdict = examine(exercise, on_these_only)
    assert (verdict.state, verdict.mistake) == ("wrong", None)


def test_numbers_in_messages_may_be_rounded_otherwise():
    exercise = demo(crash("got 0.33333334"))
    assert examine(exercise, crash("got 0.3333333333")).mistake == "usual"


def test_properties_compare_the_state_of_modules_optimizers_and_slopes():
    def one_step(answer):
        layer = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
        x = torch.ones(3, 2, requires_grad=True)
        answer(layer, optimizer, x)
        return False

    def exercise(mistake):
        properties = [prop("never holds", one_step, "So that all answers fail alike.")]
        return Exercise("demo.step", doubled, properties=properties, mistakes={"usual": Mistake(mistake, "Why.")})

    def returning(factor):
        return lambda layer, optimizer, x: layer(x).detach() + factor * (x - x.detach()).sum(dim=1, keepdim=True)

    def training(mode):
        return lambda layer, optimizer, x: layer.train(mode) and None

    def leaving(slope):
        return lambda layer, optimizer, x: setattr(layer.weight, "grad", torch.full((1, 2), slope))

    def setting(rate):
        return lambda layer, optimizer, x: optimizer.param_groups[0].update(lr=rate)

    for make, one, two in [(returning, 1, 2), (training, True, False), (leaving, 1.0, 2.0), (setting, 1.0, 2.0)]:
        assert examine(exercise(make(one)), make(one)).mistake == "usual"
        assert examine(exercise(make(one)), make(two)).mistake is None


# The whole catalogue --------------------------------------------------------------------------------------------------


def named_slips(exercise):
    """(slip, the mistake that `check` takes it for), for each slip that is taken for one."""
    with preserved():
        wanted = Reference(exercise, exercise.drawn_cases())
        for slip in slips(exercise):
            seen = wanted.behave(slip.answer, time.monotonic() + 1)
            name = diagnose(exercise, slip.answer, seen, wanted, time.monotonic() + 20) if seen.fault else None
            if name:
                yield slip, exercise.mistakes[name]


def with_draws():
    exercises = [lookup.find(id) for id in sorted(lookup.index(lookup.catalogue_folder()))]
    return [one for one in exercises if any(not isinstance(item, Case) for item in one.cases)]


@pytest.mark.parametrize("exercise", with_draws(), ids=lambda one: one.id)
def test_a_slip_that_is_told_a_mistake_is_that_mistake_on_fresh_draws(exercise):
    draws = [item for item in exercise.cases if not isinstance(item, Case)]
    for slip, mistake in named_slips(exercise):
        for seed in range(3):
            for draw in draws:
                given = draw(torch.Generator().manual_seed(90_000 + seed)).arguments
                one, two = (call(each, given, deadline=time.monotonic() + 5) for each in (slip.answer, mistake.answer))
                assert one.kind == two.kind, slip.key
                assert not difference(one.value, two.value, precision_for(given, None)), slip.key


def players(seed):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4)).double()
    discriminator = nn.Sequential(nn.Linear(4, 3), nn.ELU(), nn.Linear(3, 1), nn.Flatten(0)).double()
    for weight in (*generator.parameters(), *discriminator.parameters()):
        weight.grad = torch.randn_like(weight)
    return generator, discriminator, torch.randn(5, 4).double(), torch.randn(5, 3).double()


def facts(*modules):
    weights = [weight for module in modules for weight in module.parameters()]
    return [[weight.detach().clone(), weight.grad, weight.requires_grad] for weight in weights]


def d_step(answer, seed):
    generator, discriminator, real, z = players(seed)
    optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.3)
    return [answer(discriminator, optimizer, real, generator(z)), facts(generator, discriminator)]


def g_step(answer, seed):
    generator, discriminator, _, z = players(seed)
    optimizer = torch.optim.SGD([*generator.parameters(), *discriminator.parameters()], lr=0.3)
    return [answer(generator, discriminator, optimizer, z), facts(generator, discriminator)]


def penalty(answer, seed):
    _, critic, real, _ = players(seed)
    critic.zero_grad()
    value = answer(critic, real, -real)
    if value.requires_grad:
        value.backward()
    return [value, facts(critic)]


def objective(answer, seed):
    generator, discriminator, _, _ = players(seed)
    generator.zero_grad(), discriminator.zero_grad()
    value = answer(
        discriminator, generator, torch.randn(5, 4).double(), torch.randn(5, 3).double(), gan.discriminator_loss
    )
    if value.requires_grad:
        value.backward()
    return [value, facts(generator, discriminator)]


def reparameterized(answer, seed):
    torch.manual_seed(seed)
    mu, logvar = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    z = answer(mu, logvar)
    slopes = torch.autograd.grad(z.sum(), [mu, logvar], allow_unused=True) if z.requires_grad else []
    return [z, list(slopes)]


def changed(answer, seed):
    torch.manual_seed(seed)
    module = nn.Linear(3, 2)
    moved = [weight for weight in module.parameters() if torch.rand(()) < 0.5]
    with torch.no_grad():
        return answer(module, lambda: [weight.add_(1.0) for weight in moved])


def manifest_line(answer, seed):
    zone = datetime.timezone(datetime.timedelta(hours=seed))
    when = datetime.datetime(2024, 2, 29, 23, 59, seed, 123, tzinfo=zone)
    return answer(
        f"n{seed}", "Grüße 雪\n", "diary", None if seed == 1 else "CC0-1.0", when, url="https://example.org/ø"
    )


FRESH = {
    "collecting.manifest_line": manifest_line,
    "control.truncated_normal": lambda answer, seed: answer(50 + seed, 3, 0.7),
    "debugging.batch": lambda answer, seed: answer(torch.arange(30.0).reshape(30, 1, 1, 1), 5 + seed),
    "debugging.parameters_that_changed": changed,
    "gan_penalties.gradient_penalty": penalty,
    "gan_steps.discriminator_step": d_step,
    "gan_steps.generator_step": g_step,
    "ring.discriminator_objective": objective,
    "vae.reparameterize": reparameterized,
}


def test_each_exercise_with_properties_has_fresh_inputs_here():
    ids = lookup.index(lookup.catalogue_folder())
    assert {id for id in ids if lookup.find(id).properties and not lookup.find(id).cases} == set(FRESH)


@pytest.mark.parametrize("id", FRESH)
def test_a_slip_that_is_told_a_mistake_is_that_mistake_where_properties_judge(id):
    for slip, mistake in named_slips(lookup.find(id)):
        for seed in (1, 2, 3):
            one, two = (
                attempt(functools.partial(FRESH[id], answer, seed), {}, deadline=time.monotonic() + 5, own=answer)
                for answer in (slip.answer, mistake.answer)
            )
            assert one.kind == two.kind, (slip.key, one.error, two.error)
            assert not difference(one.value, two.value), slip.key

"""Exercises of lesson 31 on the two steps of a GAN: what D learns from, what G learns from, and what must not change."""

import torch
import torch.nn.functional as F
from torch import nn

from aigc_lab.exercises import Exercise, Mistake, normal, prop
from aigc_lab.gan import discriminator_loss, generator_loss

LESSON = "31 Debug the article's GAN"


def discriminator_step(discriminator, optimizer, real, fake):
    """D learns once from real and generated pictures; its loss before that, in nats. G stays untouched."""
    loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def generator_step(generator, discriminator, optimizer, z):
    """G learns once from what D says about G(z); its loss before that, in nats. D stays as it was."""
    discriminator.requires_grad_(False)
    loss = generator_loss(discriminator(generator(z)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return loss.item()


# What the checks look at ----------------------------------------------------------------------------------------------


class _Descent:
    """Plain gradient descent. The first optimiser of torch in a process takes seconds to import, which a check doesn't have."""

    def __init__(self, weights):
        self.weights = list(weights)

    def zero_grad(self, set_to_none=True):
        for weight in self.weights:
            weight.grad = None

    def step(self):
        for weight in self.weights:
            if weight.grad is not None:
                weight.data -= 0.1 * weight.grad


def _players():
    """A tiny G and D in float64, each with a gradient left over from earlier, and noise."""
    torch.manual_seed(5)
    generator = nn.Linear(3, 4).double()
    discriminator = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    return generator, discriminator, normal(6, 3)


def _leave_gradients(module):
    for weight in module.parameters():
        weight.grad = torch.full_like(weight, 0.7)


def _is_loss(returned, loss):
    if returned is None:
        return "nothing came back: return the loss, as a float"
    if getattr(returned, "requires_grad", False):
        return "a tensor that keeps its whole graph came back: return the float, loss.item()"
    return abs(float(returned) - loss) < 1e-6 or f"got {float(returned):.4f}, the loss is {loss:.4f}"


def _same_way(wanted, moved):
    cosine = F.cosine_similarity(wanted, moved, dim=0).item()
    return cosine > 0.9999 or f"the cosine with the right direction is {cosine:.3f}, not 1"


def _same_length(wanted, moved):
    ratio = (moved.norm() / wanted.norm()).item()
    return abs(ratio - 1) < 1e-6 or f"the step is {ratio:.3f} times as long as it should be"


def _weights(module):
    return torch.cat([weight.detach().flatten() for weight in module.parameters()]).clone()


def _d_step(step):
    """What a D step returns and does: (loss, G, D, fake, D's loss before, the gradient a right step follows, how D moved)."""
    generator, discriminator, z = _players()
    real, fake = normal(6, 4), generator(z)
    loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
    wanted = torch.cat([slope.flatten() for slope in torch.autograd.grad(loss, list(discriminator.parameters()))])
    before = _weights(discriminator)
    _leave_gradients(discriminator)
    returned = step(discriminator, _Descent(discriminator.parameters()), real, fake)
    return returned, generator, discriminator, fake, loss.item(), wanted, (before - _weights(discriminator)) / 0.1


def _d_step_leaves_g_alone(step):
    _, generator, *_ = _d_step(step)
    reached = [name for name, weight in generator.named_parameters() if weight.grad is not None]
    return not reached or f"D's step left gradients in G: {', '.join(reached)}"


def _fakes_serve_again(step):
    _, generator, discriminator, fake, *_ = _d_step(step)
    try:
        generator_loss(discriminator(fake)).backward()
    except RuntimeError as error:
        return f"G can't learn from the same fakes any more: {str(error)[:60]}..."
    return all(weight.grad is not None for weight in generator.parameters()) or "no gradient reaches G any more"


def _g_step(step, stacked=False):
    """What a G step returns and does: (loss, D, G's loss before, the gradient a right step follows, how G and D moved)."""
    generator, discriminator, z = _players()
    loss = generator_loss(discriminator(generator(z)))
    wanted = torch.cat([slope.flatten() for slope in torch.autograd.grad(loss, list(generator.parameters()))])
    before_g, before_d = _weights(generator), _weights(discriminator)
    _leave_gradients(generator)
    _leave_gradients(discriminator)
    model = nn.Sequential(generator, discriminator) if stacked else generator
    returned = step(generator, discriminator, _Descent(model.parameters()), z)
    moved_g, moved_d = (before_g - _weights(generator)) / 0.1, (before_d - _weights(discriminator)) / 0.1
    return returned, discriminator, loss.item(), wanted, moved_g, moved_d


def _fakes_look_better(step):
    generator, discriminator, z = _players()
    before = discriminator(generator(z)).mean().item()
    step(generator, discriminator, _Descent(generator.parameters()), z)
    after = discriminator(generator(z)).mean().item()
    return after >= before or f"the mean logit of the same fakes fell from {before:.3f} to {after:.3f}"


def _d_stays(step):
    moved = _g_step(step, stacked=True)[5]
    return bool(moved.abs().max() == 0) or f"{int((moved != 0).sum())} weights of D changed"


# Usual wrong answers --------------------------------------------------------------------------------------------------


def _d_step_with(loss_of, clear=True):
    def step(discriminator, optimizer, real, fake):
        loss = loss_of(discriminator, real, fake)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _d_step_without_update(discriminator, optimizer, real, fake):
    loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


def _d_step_by_sums(discriminator, optimizer, real, fake):
    loss = F.softplus(-discriminator(real)).sum() + F.softplus(discriminator(fake.detach())).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _d_step_that_returns_a_tensor(discriminator, optimizer, real, fake):
    loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def _right_d_loss(discriminator, real, fake):
    return discriminator_loss(discriminator(real), discriminator(fake.detach()))


def _g_step_with(loss_of, freeze=True, thaw=True, clear=True):
    def step(generator, discriminator, optimizer, z):
        if freeze:
            discriminator.requires_grad_(False)
        loss = loss_of(generator, discriminator, z)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if thaw:
            discriminator.requires_grad_(True)
        return loss.item()

    return step


def _right_g_loss(generator, discriminator, z):
    return generator_loss(discriminator(generator(z)))


def _g_step_without_update(generator, discriminator, optimizer, z):
    discriminator.requires_grad_(False)
    loss = generator_loss(discriminator(generator(z)))
    optimizer.zero_grad()
    loss.backward()
    discriminator.requires_grad_(True)
    return loss.item()


# Right answers written otherwise --------------------------------------------------------------------------------------


def _d_step_by_softplus(discriminator, optimizer, real, fake):
    loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _d_step_by_labels(discriminator, optimizer, real, fake):
    optimizer.zero_grad()
    logits = discriminator(torch.cat([real, fake.detach()]))
    on_real, on_fake = logits[: len(real)], logits[len(real) :]
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    optimizer.step()
    return float(loss)


def _d_step_in_two_halves(discriminator, optimizer, real, fake):
    discriminator.zero_grad()
    on_real = -F.logsigmoid(discriminator(real)).mean()
    on_real.backward()
    on_fake = -F.logsigmoid(-discriminator(fake.detach())).mean()
    on_fake.backward()
    optimizer.step()
    return (on_real + on_fake).detach()


def _g_step_by_softplus(generator, discriminator, optimizer, z):
    discriminator.requires_grad_(False)
    loss = F.softplus(-discriminator(generator(z))).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    discriminator.requires_grad_(True)
    return loss.item()


def _g_step_that_clears_d(generator, discriminator, optimizer, z):
    generator.zero_grad()
    loss = -F.logsigmoid(discriminator(generator(z))).mean()
    loss.backward()
    discriminator.zero_grad()
    optimizer.step()
    return loss.detach()


def _g_step_by_labels(generator, discriminator, optimizer, z):
    optimizer.zero_grad()
    for weight in discriminator.parameters():
        weight.requires_grad = False
    logits = discriminator(generator(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    loss.backward()
    optimizer.step()
    for weight in discriminator.parameters():
        weight.requires_grad = True
    return float(loss)


EXERCISES = [
    Exercise(
        id="gan_steps.discriminator_step",
        reference=discriminator_step,
        alternatives=[_d_step_by_softplus, _d_step_by_labels, _d_step_in_two_halves],
        properties=[
            prop(
                "D's loss comes back, as it was before the step",
                lambda step: _is_loss(_d_step(step)[0], _d_step(step)[4]),
                "The two means are added: -log σ(l) over the real ones, -log(1 - σ(l)) over the generated ones.",
            ),
            prop(
                "D moves in the direction of its own slope",
                lambda step: _same_way(*_d_step(step)[-2:]),
                "The gradient of its own loss, on real and generated pictures, and nothing left over from before.",
            ),
            prop(
                "D moves as far as its slope says",
                lambda step: _same_length(*_d_step(step)[-2:]),
                "Add the two means as they are, neither halved nor doubled.",
            ),
            prop(
                "G gets no gradient",
                _d_step_leaves_g_alone,
                "This is D's step. What stops the gradient before it gets into G?",
            ),
            prop(
                "the same fakes serve G afterwards",
                _fakes_serve_again,
                "`backward` frees the graph that it passes through.",
            ),
        ],
        mistakes={
            "labels swapped": Mistake(
                _d_step_with(lambda d, real, fake: discriminator_loss(d(fake.detach()), d(real))),
                "D learns to call generated pictures real, and real ones fake. σ(l) is the probability of *real*.",
            ),
            "fakes not detached": Mistake(
                _d_step_with(lambda d, real, fake: discriminator_loss(d(real), d(fake))),
                "The gradient runs on through the fakes into G. That costs a backward pass through G, leaves a gradient in G that helps D, and "
                "frees G's graph. `fake.detach()` stops it at the pictures.",
            ),
            "gradients not cleared": Mistake(
                _d_step_with(_right_d_loss, clear=False),
                "`backward` *adds* to the gradients that are already there. Call `optimizer.zero_grad()` first.",
            ),
            "no step of the optimiser": Mistake(
                _d_step_without_update,
                "`backward` only computes the gradients. Without `optimizer.step()` no weight of D moves.",
            ),
            "sums instead of means": Mistake(
                _d_step_by_sums,
                "These are sums over the batch: the gradient grows with the batch size, and the loss of a guessing D isn't 1.386. Take the mean of each.",
            ),
            "the graph comes back": Mistake(
                _d_step_that_returns_a_tensor,
                "The step is right, but `loss` as a tensor keeps its graph, so a list of losses keeps the graph of every step in memory. "
                "Return the float: `loss.item()`.",
            ),
            "one mean over both": Mistake(
                _d_step_with(lambda d, real, fake: _right_d_loss(d, real, fake) / 2),
                "The mean over a batch of real and generated pictures is half the sum of the two means. Both "
                "conventions are in use. This course adds the means, so a guessing D has a loss of 2 log 2 = 1.386.",
            ),
        },
        hints=[
            "-log σ(l) is F.softplus(-l), and -log(1 - σ(l)) is F.softplus(l).",
            "The four lines of any training step: loss, optimizer.zero_grad(), loss.backward(), optimizer.step(). Where does a gradient get into G, and how do you stop it?",
            "loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()",
        ],
    ),
    Exercise(
        id="gan_steps.generator_step",
        reference=generator_step,
        alternatives=[_g_step_by_softplus, _g_step_that_clears_d, _g_step_by_labels],
        properties=[
            prop(
                "-log D(G(z)) comes back, as it was before the step",
                lambda step: _is_loss(_g_step(step)[0], _g_step(step)[2]),
                "The mean of -log σ(l) over the fakes: F.softplus(-l).",
            ),
            prop(
                "G changes",
                lambda step: bool(_g_step(step)[4].abs().max() > 0) or "no weight of G changed",
                "The gradient must run from D's logit through the picture into G, and the optimiser must make a step.",
            ),
            prop("D finds the same fakes no less real", _fakes_look_better, "That is what G's step is for."),
            prop(
                "G moves in the direction of its own slope",
                lambda step: _same_way(*_g_step(step)[3:5]),
                "The gradient of -log D(G(z)), and nothing left over from before.",
            ),
            prop(
                "G moves as far as its slope says",
                lambda step: _same_length(*_g_step(step)[3:5]),
                "Take the mean over the fakes as it is, neither halved nor doubled.",
            ),
            prop(
                "D stays, even if the optimiser owns it",
                _d_stays,
                "The optimiser in this check owns both networks, like the one of the stacked model, and D still has "
                "gradients from its own last step. A weight without a gradient isn't moved.",
            ),
            prop(
                "D can learn again afterwards",
                lambda step: (
                    all(weight.requires_grad for weight in _g_step(step)[1].parameters()) or "D is still frozen"
                ),
                "D's own step comes next: thaw D with `requires_grad_(True)`.",
            ),
        ],
        mistakes={
            "label 0 for the fakes": Mistake(
                _g_step_with(lambda g, d, z: F.softplus(d(g(z))).mean()),
                "This is small when D calls the fakes fake, so G learns to be found out. For G's step the fakes get label 1.",
            ),
            "the loss that saturates": Mistake(
                _g_step_with(lambda g, d, z: -F.softplus(d(g(z))).mean()),
                "log(1 - D) pushes the right way, but the size of its slope with respect to the logit is D. That is "
                "nearly 0 when D is sure that it sees a fake, which is when G has most to learn. Use -log D (lesson "
                "23).",
            ),
            "no gradient through the fakes": Mistake(
                _g_step_with(lambda g, d, z: generator_loss(d(g(z).detach())), freeze=False),
                "After `detach`, `no_grad` or NumPy the picture is a constant to autograd. That is right in D's step; in G's step G learns nothing.",
            ),
            "D is not frozen": Mistake(
                _g_step_with(_right_g_loss, freeze=False),
                "The easiest way to make D call fakes real is to spoil D, and an optimiser that owns both does that. Freeze D before you call it: "
                "`discriminator.requires_grad_(False)`.",
            ),
            "D stays frozen": Mistake(
                _g_step_with(_right_g_loss, thaw=False),
                "D will never learn again, and nothing will tell you. Thaw it at the end: `requires_grad_(True)`.",
            ),
            "gradients not cleared": Mistake(
                _g_step_with(_right_g_loss, clear=False),
                "`backward` *adds* to the gradients of the step before. Call `optimizer.zero_grad()` first.",
            ),
            "no step of the optimiser": Mistake(
                _g_step_without_update,
                "`backward` only computes the gradients. Without `optimizer.step()` no weight of G moves.",
            ),
        },
        hints=[
            "Which network must change, which must not, and which label does G want D to give to its pictures?",
            "Freeze D, loss = F.softplus(-discriminator(generator(z))).mean(), zero_grad, backward, step, thaw D, return loss.item().",
        ],
    ),
]

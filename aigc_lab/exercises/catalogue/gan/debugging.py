"""Exercises of lesson 31 on what goes into a GAN, what changes in it, and how its pictures are shown."""

import torch
from torch import nn

from aigc_lab.exercises import Exercise, Mistake, case, normal, prop
from aigc_lab.transforms import from_signed

LESSON = "31 Debug the article's GAN"


# What each exercise asks for ------------------------------------------------------------------------------------------


def parameters_that_changed(module, step):
    """The names of the parameters of a module that are other numbers after `step()` than before."""
    before = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    step()
    return {name for name, weight in module.named_parameters() if not torch.equal(weight, before[name])}


def batch(images, size):
    """`size` of the images, drawn at random: (n, c, h, w) -> (size, c, h, w)."""
    return images[torch.randint(len(images), (size,))]


def sheet(images, columns):
    """One grey picture of many: floats in [-1, 1], (n, 1, h, w) -> uint8, (n / columns · h, columns · w)."""
    n, _, height, width = images.shape
    rows = from_signed(images).reshape(n // columns, columns, height, width)
    return rows.permute(0, 2, 1, 3).reshape(-1, columns * width)


# What the checks look at ----------------------------------------------------------------------------------------------


def _after(change):
    """(module, step): a small network, and a step that makes this change to it."""
    module = nn.Linear(3, 2)
    module.bias.data = torch.tensor([0.5, 0.25])

    def step():
        with torch.no_grad():
            change(module)

    return module, step


def _is_set_of_names(found):
    return (isinstance(found, set) and all(isinstance(one, str) for one in found)) or f"got {found!r}"


def _names(found, wanted):
    return found == wanted or f"got {found!r}, expected {wanted!r}"


def _steps_without_change(look):
    module = nn.Linear(3, 2)

    def step():  # an optimiser of another network: gradients come, weights stay
        module(torch.ones(1, 3)).sum().backward()

    return _names(look(module, step), set())


def _tiny(module):
    module.weight[0, 0] += 1e-6


def _balanced(module):
    module.bias += torch.tensor([1.0, -1.0])


NUMBERED = torch.arange(40.0).reshape(40, 1, 1, 1).expand(40, 1, 2, 2).contiguous()  # picture i is filled with i


def _draws(draw, times=300, size=8):
    return torch.stack([draw(NUMBERED, size)[:, 0, 0, 0] for _ in range(times)]).long()


def _whole_pictures(draw):
    drawn = draw(NUMBERED, 8)
    if drawn.shape != (8, 1, 2, 2):
        return f"shape {tuple(drawn.shape)}, expected (8, 1, 2, 2)"
    return bool((drawn == drawn[:, :, :1, :1]).all()) or "pixels of several pictures are mixed"


def _all_equally_often(draw):
    counts = torch.bincount(_draws(draw).flatten(), minlength=40)
    odd = int((counts - 60).abs().argmax())  # 2,400 draws of 40 pictures: 60 each, standard deviation about 7.6
    return (
        bool((counts - 60).abs().max() < 35) or f"of 2,400 draws, picture {odd} came {int(counts[odd])} times, not 60"
    )


def _batches_differ(draw):
    drawn = _draws(draw, times=20)
    return len({tuple(row) for row in drawn.tolist()}) > 5 or "20 batches, and they are (nearly) all the same"


def _no_neighbours(draw):
    follow = (_draws(draw).diff(dim=1) == 1).double().mean().item()
    return follow < 0.15 or f"{follow:.0%} of the pictures come right after their neighbour in the data"


# Usual wrong answers --------------------------------------------------------------------------------------------------


def _without_copy(module, step):
    before = {name: weight.detach() for name, weight in module.named_parameters()}
    step()
    return {name for name, weight in module.named_parameters() if not torch.equal(weight, before[name])}


def _by_gradient(module, step):
    step()
    return {name for name, weight in module.named_parameters() if weight.grad is not None}


def _nearly_equal(module, step):
    before = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    step()
    return {
        name
        for name, weight in module.named_parameters()
        if not torch.allclose(weight, before[name], atol=1e-4, rtol=0)
    }


def _by_sum(module, step):
    before = {name: weight.sum().item() for name, weight in module.named_parameters()}
    step()
    return {name for name, weight in module.named_parameters() if weight.sum().item() != before[name]}


def _whether(module, step):
    return bool(parameters_that_changed(module, step))


def _always_the_same_seed(images, size):
    return images[torch.randint(len(images), (size,), generator=torch.Generator().manual_seed(0))]


def _a_slice(images, size):
    start = int(torch.randint(len(images) - size + 1, (1,)))
    return images[start : start + size]


def _tiled(pictures, columns):
    n, _, height, width = pictures.shape
    return pictures.reshape(n // columns, columns, height, width).permute(0, 2, 1, 3).reshape(-1, columns * width)


def _stretched(images, columns, dims):
    low, high = images.amin(dims, keepdim=True), images.amax(dims, keepdim=True)
    return _tiled(((images - low) / (high - low) * 255).round().to(torch.uint8), columns)


FOUR = torch.tensor([-1.0, -0.5, 0.0, 0.5]).double().reshape(4, 1, 1, 1).expand(4, 1, 2, 2).contiguous()
FOUR[3, 0, 0, 0] = 1.3  # leaves the range


# The exercises --------------------------------------------------------------------------------------------------------

EXERCISES = [
    Exercise(
        id="debugging.parameters_that_changed",
        reference=parameters_that_changed,
        properties=[
            prop(
                "a set of names comes back",
                lambda look: _is_set_of_names(look(*_after(_tiny))),
                "A set of strings, as in {'weight'}; an empty set says that nothing changed.",
            ),
            prop(
                "only the weight changes",
                lambda look: _names(look(*_after(lambda module: module.weight.add_(1))), {"weight"}),
                "A network nn.Linear(3, 2) has the parameters `weight` and `bias`. The step adds 1 to all of `weight`.",
            ),
            prop(
                "a gradient is no change",
                _steps_without_change,
                "The step computes gradients and moves nothing. That happens: to D, when G learns.",
            ),
            prop(
                "a change of 0.000001 counts",
                lambda look: _names(look(*_after(_tiny)), {"weight"}),
                "A learning rate of 0.0001 makes small changes. They are changes.",
            ),
            prop(
                "changes that cancel count",
                lambda look: _names(look(*_after(_balanced)), {"bias"}),
                "One bias goes up by 1, the other down by 1.",
            ),
        ],
        mistakes={
            "no copy": Mistake(
                _without_copy,
                "`detach` gives another name to the same memory. When the step writes new numbers there, your `before` has them too, so "
                "nothing ever differs. Add `.clone()`.",
            ),
            "who has a gradient": Mistake(
                _by_gradient,
                "A gradient is advice, a change is what the optimiser makes of it. A parameter may have one and stay, because no optimiser "
                "owns it. And it may change by other means.",
            ),
            "nearly equal": Mistake(
                _nearly_equal,
                "`allclose` forgives small differences, and one step of training makes small differences. Ask for exactly the same numbers: `torch.equal`.",
            ),
            "only the sums": Mistake(
                _by_sum,
                "Two weights that move by +1 and -1 have the sum they had. Compare all numbers, not one summary of them.",
            ),
            "no set of names": Mistake(
                _whether,
                "Asked are the names, as a set: `{'bias'}` says more than `True`, and an empty set says that nothing changed.",
            ),
        },
        hints=[
            "Three lines: remember, call, compare. What must you do so that remembering is not just looking at the same memory?",
            "`module.named_parameters()` gives pairs (name, parameter); remember `parameter.detach().clone()`.",
            "`{name for name, p in module.named_parameters() if not torch.equal(p, before[name])}`.",
        ],
    ),
    Exercise(
        id="debugging.batch",
        reference=batch,
        properties=[
            prop(
                "whole pictures, `size` of them", _whole_pictures, "Draw numbers of pictures, and take these pictures."
            ),
            prop("two batches differ", _batches_differ, "D must meet other pictures in each step."),
            prop("each picture comes equally often", _all_equally_often, "The first and the last one too."),
            prop(
                "neighbours are not drawn together",
                _no_neighbours,
                "Files are often sorted. Draw each place by itself.",
            ),
        ],
        mistakes={
            "always the first": Mistake(
                lambda images, size: images[:size],
                "`images[:size]` is the same batch for ever. What happens to the other 7,936 digits?",
            ),
            "the same seed each time": Mistake(
                _always_the_same_seed,
                "A generator that is seeded inside the function starts again at each call: a random batch, and always the same one. "
                "Seed once, before training.",
            ),
            "the last picture never comes": Mistake(
                lambda images, size: images[torch.randint(len(images) - 1, (size,))],
                "`torch.randint(n, ...)` ends at n - 1 already. Subtract 1 once more and the last picture is never drawn.",
            ),
            "a slice from a random start": Mistake(
                _a_slice,
                "Neighbours come together, and if the file is sorted by digit a batch holds one digit only. Pictures at both ends of the file come seldom.",
            ),
        },
        hints=[
            "A tensor can be indexed by a tensor of whole numbers: `images[torch.tensor([5, 0, 17])]` are three pictures.",
            "`torch.randint(n, (size,))` draws `size` numbers from 0 to n - 1.",
        ],
    ),
    Exercise(
        id="debugging.sheet",
        reference=sheet,
        cases=[
            case(images=FOUR, columns=2),
            lambda rng: case(images=0.6 * normal(6, 1, 3, 2, generator=rng), columns=3),
        ],
        mistakes={
            "each picture stretched on its own": Mistake(
                lambda images, columns: _stretched(images + 1e-9 * torch.randn_like(images), columns, (1, 2, 3)),
                "Each picture's darkest value became black and its lightest white, as imshow does it. -1 is black and 1 is white, in all of them.",
            ),
            "stretched over the whole batch": Mistake(
                lambda images, columns: _stretched(images, columns, (0, 1, 2, 3)),
                "Better than each on its own, but one stray value darkens all the others, and two batches still can't be compared.",
            ),
            "not clipped": Mistake(
                lambda images, columns: _tiled(((images + 1) * 127.5).round().to(torch.int64).to(torch.uint8), columns),
                "1.3 is 293 on the scale of bytes, and no byte holds it: 293 - 256 = 37 is left, nearly black. Clamp before the cast.",
            ),
            "still floats": Mistake(
                lambda images, columns: _tiled((images + 1) * 127.5, columns),
                "Values outside 0 to 255 pass unseen, and the program that draws decides about black and white. Round, clamp, cast to torch.uint8.",
            ),
            "reshaped without moving axes": Mistake(
                lambda images, columns: from_signed(images).reshape(-1, columns * images.shape[3]),
                "`reshape` only cuts the row of numbers anew, so a picture's lines lie beside each other. The height must come before the columns: `permute`.",
            ),
        },
        hints=[
            "Bytes first: `transforms.from_signed`, or (x + 1) * 127.5, round, clamp to 0..255, to(torch.uint8).",
            "Reshape to (rows, columns, h, w). In which order must these four axes lie, so that reshape to (rows * h, columns * w) keeps pictures whole?",
            "permute(0, 2, 1, 3).",
        ],
    ),
]

"""Exercises of lesson 31 on what goes into a GAN, what changes in it, and how its pictures are shown."""

import copy

import numpy as np
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
    return (isinstance(found, (set, frozenset)) and all(isinstance(one, str) for one in found)) or f"got {found!r}"


def _names(found, wanted):
    return found == wanted or f"got {found!r}, expected {wanted!r}"


def _steps_without_change(look):
    module = nn.Linear(3, 2)

    def step():  # an optimiser of another network: gradients come, weights stay
        module(torch.ones(1, 3)).sum().backward()

    return _names(look(module, step), set())


def _times_called(look):
    calls = []
    look(nn.Linear(3, 2), lambda: calls.append(1))
    return len(calls) == 1 or f"`step` was called {len(calls)} times"


def _running_mean(look):
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))

    def step():  # a forward pass in training mode, which moves the running mean and variance
        with torch.no_grad():
            module(normal(4, 3).float())

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


def _called_twice(module, step):
    step()
    return parameters_that_changed(module, step)


def _of_the_whole_state(module, step):
    before = {name: values.clone() for name, values in module.state_dict().items()}
    step()
    return {name for name, values in module.state_dict().items() if not torch.equal(values, before[name])}


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


# Right answers written otherwise --------------------------------------------------------------------------------------


def _names_by_remembered_copies(module, step):
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    step()
    return {name for name, p in module.named_parameters() if not torch.equal(p, before[name])}


def _names_by_a_copy_of_the_module(module, step):
    old = copy.deepcopy(module)
    step()
    pairs = zip(old.named_parameters(), module.named_parameters(), strict=True)
    return {name for (name, before), (_, after) in pairs if (before != after).any()}


def _names_by_loop(module, step):
    before = [parameter.tolist() for parameter in module.parameters()]
    step()
    changed = set()
    for (name, parameter), old in zip(module.named_parameters(), before, strict=True):
        if parameter.tolist() != old:
            changed.add(name)
    return changed


def _batch_without_repetition(images, size):
    return images[torch.randperm(len(images))[:size]]


def _batch_one_by_one(images, size):
    chosen = []
    for _ in range(size):
        chosen.append(images[int(torch.rand(()) * len(images))])
    return torch.stack(chosen)


def _batch_by_numpy(images, size):
    return images[np.random.randint(0, len(images), size)]


def _sheet_by_rows(images, columns):
    grey = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    rows = [torch.cat(list(grey[start : start + columns, 0]), dim=1) for start in range(0, len(grey), columns)]
    return torch.cat(rows)


def _sheet_by_places(images, columns):
    n, _, height, width = images.shape
    page = torch.empty(n // columns * height, columns * width, dtype=torch.uint8)
    for number, image in enumerate(images[:, 0]):
        top, left = number // columns * height, number % columns * width
        page[top : top + height, left : left + width] = (127.5 * image.clamp(-1, 1) + 127.5).round()
    return page


def _sheet_by_numpy(images, columns):
    n, _, height, width = images.shape
    grey = np.clip(np.rint((images.numpy() + 1) * 127.5), 0, 255).astype(np.uint8)
    return grey.reshape(n // columns, columns, height, width).transpose(0, 2, 1, 3).reshape(-1, columns * width)


FOUR = torch.tensor([-1.0, -0.5, 0.0, 0.5]).double().reshape(4, 1, 1, 1).expand(4, 1, 2, 2).contiguous()
FOUR[3, 0, 0, 0] = 1.3  # leaves the range


# The exercises --------------------------------------------------------------------------------------------------------

EXERCISES = [
    Exercise(
        id="debugging.parameters_that_changed",
        reference=parameters_that_changed,
        alternatives=[
            _names_by_remembered_copies,
            _names_by_a_copy_of_the_module,
            _names_by_loop,
        ],
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
                "The step computes gradients and moves nothing. This happens to D when G learns.",
            ),
            prop(
                "a change of 0.000001 counts",
                lambda look: _names(look(*_after(_tiny)), {"weight"}),
                "A learning rate of 0.0001 makes small changes, and they count.",
            ),
            prop(
                "changes that cancel count",
                lambda look: _names(look(*_after(_balanced)), {"bias"}),
                "One bias goes up by 1, the other down by 1.",
            ),
            prop(
                "`step` is called once", _times_called, "Each call is a step of training: look, call once, look again."
            ),
            prop(
                "a buffer is no parameter",
                _running_mean,
                "The step is a forward pass through a BatchNorm: its running mean moves, and no optimiser has done that.",
            ),
        ],
        mistakes={
            "no copy": Mistake(
                _without_copy,
                "`detach` gives another name to the same memory. When the step writes new numbers there, your `before` has them too, so "
                "nothing ever differs. Add `.clone()`.",
            ),
            "which parameters have a gradient": Mistake(
                _by_gradient,
                "A gradient only proposes a change. A parameter may have one and stay as it is, because no optimiser owns it; and it may change by "
                "other means.",
            ),
            "nearly equal": Mistake(
                _nearly_equal,
                "`allclose` overlooks small differences, and one step of training makes small differences. Ask for exactly the same numbers: `torch.equal`.",
            ),
            "only the sums": Mistake(
                _by_sum,
                "Two weights that move by +1 and -1 leave their sum as it was. Compare all numbers, not a summary of them.",
            ),
            "no set of names": Mistake(
                _whether,
                "Return the names, as a set: `{'bias'}` says more than `True`, and an empty set says that nothing "
                "changed.",
            ),
            "two steps": Mistake(
                _called_twice,
                "`step` runs twice here. Each call trains the network, so the check itself changes what it looks at. "
                "Remember, call once, compare.",
            ),
            "the whole state": Mistake(
                _of_the_whole_state,
                "`state_dict` also holds buffers, such as the running mean of a BatchNorm. They change in each forward pass, whether anything learns or not. "
                "`named_parameters` gives the parameters alone.",
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
        alternatives=[
            lambda images, size: images[torch.randint(len(images), (size,))],
            _batch_without_repetition,
            _batch_one_by_one,
            _batch_by_numpy,
        ],
        properties=[
            prop(
                "whole pictures, `size` of them",
                _whole_pictures,
                "Draw the numbers of the pictures, then take these pictures.",
            ),
            prop("two batches differ", _batches_differ, "D must see different pictures in each step."),
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
                "`images[:size]` is the same batch at each call. D never sees the other 7,936 digits.",
            ),
            "the same seed each time": Mistake(
                _always_the_same_seed,
                "A generator that is seeded inside the function starts again at each call: a random batch, and always the same one. "
                "Seed once, before training.",
            ),
            "the last picture never comes": Mistake(
                lambda images, size: images[torch.randint(len(images) - 1, (size,))],
                "`torch.randint(n, ...)` already ends at n - 1. If you subtract another 1, the last picture is never drawn.",
            ),
            "a slice from a random start": Mistake(
                _a_slice,
                "Neighbours come together: if the file is sorted by digit, a batch holds only one digit. And the pictures at both ends of the file come less often.",
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
        alternatives=[
            lambda images, columns: (
                from_signed(images)
                .reshape(-1, columns, *images.shape[2:])
                .permute(0, 2, 1, 3)
                .reshape(-1, columns * images.shape[3])
            ),
            _sheet_by_rows,
            _sheet_by_places,
            _sheet_by_numpy,
        ],
        cases=[
            case(images=FOUR, columns=2),
            case(images=FOUR, columns=4),
            case(images=FOUR, columns=1),
            lambda rng: case(images=0.6 * normal(6, 1, 3, 2, generator=rng), columns=3),
        ],
        mistakes={
            "each picture stretched on its own": Mistake(
                lambda images, columns: _stretched(images + 1e-9 * torch.randn_like(images), columns, (1, 2, 3)),
                "Each picture's darkest value became black and its lightest white, as imshow does it. In every picture -1 must be black and 1 white.",
            ),
            "stretched over the whole batch": Mistake(
                lambda images, columns: _stretched(images, columns, (0, 1, 2, 3)),
                "The pictures of one batch can be compared now, but two batches can't, and one stray value changes the scale of all.",
            ),
            "not clipped": Mistake(
                lambda images, columns: _tiled(((images + 1) * 127.5).round().to(torch.int64).to(torch.uint8), columns),
                "On the scale of bytes 1.3 is 293, which doesn't fit into one: 293 - 256 = 37 is left, nearly black. Clamp before the cast.",
            ),
            "not rounded": Mistake(
                lambda images, columns: _tiled(((images + 1) * 127.5).clamp(0, 255).to(torch.uint8), columns),
                "The cast to uint8 cuts off the decimals: 127.9 becomes 127, and nearly all pictures get a little "
                "darker. Round before the cast.",
            ),
            "still floats": Mistake(
                lambda images, columns: _tiled((images + 1) * 127.5, columns),
                "Values outside 0 to 255 are still there, and whatever draws the picture decides what is black and what is white. Round, clamp, cast to torch.uint8.",
            ),
            "reshaped without moving axes": Mistake(
                lambda images, columns: from_signed(images).reshape(-1, columns * images.shape[3]),
                "`reshape` keeps the order of the numbers, so the lines of a picture end up side by side. The height must come before the columns: use `permute`.",
            ),
        },
        hints=[
            "Bytes first: `transforms.from_signed`, or (x + 1) * 127.5, round, clamp to 0..255, to(torch.uint8).",
            "Reshape to (rows, columns, h, w). In which order must these four axes lie, so that reshape to (rows * h, columns * w) keeps pictures whole?",
            "transforms.from_signed(images).reshape(-1, columns, h, w).permute(0, 2, 1, 3).reshape(-1, columns * w), with h and w from images.shape.",
        ],
    ),
]

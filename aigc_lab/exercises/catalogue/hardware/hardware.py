"""Exercises of lesson 36: timing, the roofline, memory, and gradients added up in parts."""

import gc
import statistics

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from aigc_lab.exercises import Exercise, Mistake, case, normal, prop, uniform
from aigc_lab.hardware import memory, roofline, timing

LESSON = "36 GPU training"


def _run(device):
    device.run()


def _timed(device, work, repeats, *, warm_up=True, wait_before=True, wait_after=True, average=statistics.median):
    if warm_up:
        work(device)
    taken = []
    for _ in range(repeats):
        if wait_before:
            device.synchronize()
        start = device.now()
        work(device)
        if wait_after:
            device.synchronize()
        taken.append(device.now() - start)
    return average(taken)


def _squares(weights, examples):
    """Mean squared error of a linear model; the last column is the target."""
    return (examples[:, :-1] @ weights - examples[:, -1]).square().mean()


def _summed(loss, weights, examples, size, share=lambda part, parts, n: len(part) / n, keep=lambda parts: parts):
    """The gradients of the parts, each times its share."""
    weights = weights.detach().requires_grad_()
    parts = examples.split(size)
    total = torch.zeros_like(weights)
    for part in keep(parts):
        total = total + share(part, parts, len(examples)) * torch.autograd.grad(loss(weights, part), weights)[0]
    return total


def _last_only(loss, weights, examples, size):
    return _summed(loss, weights, examples, size, keep=lambda parts: parts[-1:])


def _at_once(loss, weights, examples, size):
    weights = weights.detach().requires_grad_()
    return torch.autograd.grad(loss(weights, examples), weights)[0]


def _one_backward_pass(loss, weights, examples, size):
    weights = weights.detach().requires_grad_()
    whole = sum(len(part) / len(examples) * loss(weights, part) for part in examples.split(size))
    return torch.autograd.grad(whole, weights)[0]


class _WatchedLoss:
    """`_squares`, noting how many examples it gets, and how many earlier calls are still kept for a backward pass."""

    def __init__(self):
        self.sizes, self.earlier, self._errors = [], [], []

    def __call__(self, weights, examples):
        if not all(errors.expired() for errors in self._errors):
            gc.collect(1)  # what only a cycle of young objects keeps is free memory
        self.earlier.append(sum(not errors.expired() for errors in self._errors))
        self.sizes.append(len(examples))
        errors = examples[:, :-1] @ weights - examples[:, -1]
        self._errors.append(StorageWeakRef(_plain(errors).untyped_storage()))
        return errors.square().mean()


def _plain(tensor):
    """The tensor under those that torch.func wraps around it."""
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def _watched(answer):
    loss = _WatchedLoss()
    answer(loss=loss, weights=normal(3), examples=normal(11, 4), size=4)
    return loss


def _takes_parts(answer):
    most = max(_watched(answer).sizes, default=0)
    return most <= 4 or f"a call of the loss got {most} examples, with size=4"


def _keeps_no_part(answer):
    most = max(_watched(answer).earlier, default=0)
    parts = "an earlier part is" if most == 1 else f"{most} earlier parts are"
    return most == 0 or f"at a call of the loss, {parts} still kept for a backward pass"


# Right answers written otherwise -------------------------------------------------------------------------------------


def _time_as_hinted(device, work, repeats):
    work(device)
    differences = []
    for _ in range(repeats):
        device.synchronize()
        start = device.now()
        work(device)
        device.synchronize()
        differences.append(device.now() - start)
    return statistics.median(differences)


def _time_waiting_once_before(device, work, repeats):
    work(device)
    device.synchronize()  # after each run the device is idle again
    clock = []
    for _ in range(repeats):
        clock.append(device.now())
        work(device)
        device.synchronize()
        clock.append(device.now())
    return np.median(np.diff(clock)[::2])


def _time_by_sorting(device, work, repeats):
    def once():
        device.synchronize()
        start = device.now()
        work(device)
        device.synchronize()
        return device.now() - start

    once()
    taken = sorted(once() for _ in range(repeats))
    return (taken[repeats // 2] + taken[(repeats - 1) // 2]) / 2


def _intensity_as_hinted(m, k, n, bytes_per_number):
    flop = 2 * m * k * n
    moved = (m * k + k * n + m * n) * bytes_per_number
    return flop / moved


def _bytes_by_the_list(parameters, activations, mixed):
    total = 0
    for _ in ("weight", "gradient", "average", "average of squares"):
        total += 4 * parameters
    return total + (2 * parameters + 2 * activations if mixed else 4 * activations)


def _gradient_as_hinted(loss, weights, examples, size):
    weights = weights.detach().requires_grad_()
    total = 0
    for part in examples.split(size):
        total = total + torch.autograd.grad(loss(weights, part), weights)[0] * len(part) / len(examples)
    return total


def _gradient_by_backward(loss, weights, examples, size):
    weights = weights.clone().requires_grad_(True)
    for start in range(0, len(examples), size):
        part = examples[start : start + size]
        (loss(weights, part) * (part.shape[0] / examples.shape[0])).backward()
    return weights.grad


def _gradient_by_jacobian(loss, weights, examples, size):
    parts = torch.split(examples, size)
    gradients = [torch.autograd.functional.jacobian(lambda w, part=part: loss(w, part), weights) for part in parts]
    return sum(len(part) * gradient for part, gradient in zip(parts, gradients, strict=True)) / len(examples)


def _gradient_by_even_parts(loss, weights, examples, size):
    """As few parts as `size` allows, as equal as they can be."""
    weights, total = weights.detach().requires_grad_(), torch.zeros_like(weights)
    for part in examples.tensor_split(-(-len(examples) // size)):
        total += len(part) * torch.autograd.grad(loss(weights, part), [weights])[0]
    return total / len(examples)


EXERCISES = [
    Exercise(
        id="hardware.time_it",
        reference=timing.time_it,
        cases=[
            case(device=timing.PretendDevice([5.0, 0.3]), work=_run, repeats=1),
            case(device=timing.PretendDevice([2.0, 0.25], busy=4.0), work=_run, repeats=1),
            case(device=timing.PretendDevice([3.0, 0.2, 0.1, 0.9]), work=_run, repeats=3),
            lambda rng: case(
                device=timing.PretendDevice([1.5, *uniform(5, generator=rng).tolist()], busy=0.5), work=_run, repeats=5
            ),
            case(device=timing.PretendDevice([1.0, 0.6, 0.1, 0.2, 0.4], busy=2.0), work=_run, repeats=4),
        ],
        alternatives=[_time_as_hinted, _time_waiting_once_before, _time_by_sorting],
        mistakes={
            "no waiting at the end": Mistake(
                lambda device, work, repeats: _timed(device, work, repeats, wait_after=False),
                "You timed how long Python takes to hand out the work, 0.001 s whatever the work is. The device is still busy when you read the clock. Wait for it first.",
            ),
            "no waiting at the start": Mistake(
                lambda device, work, repeats: _timed(device, work, repeats, wait_before=False),
                "Your clock starts while the device still works on what it was given before, the first run for instance. That time is not this run's.",
            ),
            "the first run counted": Mistake(
                lambda device, work, repeats: _timed(device, work, repeats, warm_up=False),
                "The first run compiles, allocates, and fills caches: here it takes 5 s where the others take 0.3 s. Run the work once before you start to time it.",
            ),
            "mean": Mistake(
                lambda device, work, repeats: _timed(device, work, repeats, average=statistics.fmean),
                "One run in three took 0.9 s, because something else wanted the machine. It pulls the mean of 0.2, 0.1 and 0.9 up to 0.4; the median is 0.2.",
            ),
            "sum": Mistake(
                lambda device, work, repeats: _timed(device, work, repeats, average=sum),
                "That is the time of all runs together. You want the time of one.",
            ),
        },
        hints=[
            "Run the work once without timing it. Then, for each repeat, at which two moments must the device have nothing left to do?",
            "device.synchronize(); start = device.now(); work(device); device.synchronize(); then the difference.",
            "Collect the differences in a list and return statistics.median of it. Before the loop: work(device), once.",
        ],
    ),
    Exercise(
        id="hardware.arithmetic_intensity",
        reference=roofline.arithmetic_intensity,
        cases=[
            case(m=2, k=2, n=2, bytes_per_number=4),
            case(m=1, k=4096, n=4096, bytes_per_number=2),
            case(m=512, k=512, n=512, bytes_per_number=4),
            case(m=64, k=3136, n=10, bytes_per_number=4),
        ],
        alternatives=[
            _intensity_as_hinted,
            lambda m, k, n, bytes_per_number: 2 / (1 / m + 1 / k + 1 / n) / bytes_per_number,
            lambda m, k, n, bytes_per_number: (
                m * n * 2 * k / bytes_per_number / sum([np.prod([m, k]), np.prod([k, n]), np.prod([m, n])])
            ),
        ],
        mistakes={
            "a multiplication and an addition counted as one": Mistake(
                lambda m, k, n, bytes_per_number: m * k * n / (bytes_per_number * (m * k + k * n + m * n)),
                "Each of the m·k·n terms is multiplied and then added: that is 2 FLOP. (Hardware that does both in one instruction is also rated at 2.)",
            ),
            "the result isn't written": Mistake(
                lambda m, k, n, bytes_per_number: 2 * m * k * n / (bytes_per_number * (m * k + k * n)),
                "You count what is read. The product, m·n numbers, has to be written to memory as well.",
            ),
            "numbers instead of bytes": Mistake(
                lambda m, k, n, bytes_per_number: 2 * m * k * n / (m * k + k * n + m * n),
                "That is FLOP per number. Memory is rated in bytes: a float32 has 4 of them, and half precision "
                "doubles the intensity.",
            ),
            "every factor fetched anew": Mistake(
                lambda m, k, n, bytes_per_number: 2 * m * k * n / (bytes_per_number * (2 * m * k * n + m * n)),
                "You fetch both factors from memory for each multiplication. A good product keeps blocks of the matrices in the cache and reads each number about "
                "once. With your count intensity never rises above a quarter of a FLOP a byte in float32, however large the matrices.",
            ),
        },
        hints=[
            "How many multiplications does one entry of the result take, and how many entries are there?",
            "2·m·k·n FLOP. Bytes: the numbers in both matrices and in the result, times the bytes of each. FLOP divided by bytes.",
        ],
    ),
    Exercise(
        id="hardware.attainable",
        reference=roofline.attainable,
        cases=[
            case(intensity=2.0, peak=100.0, bandwidth=10.0),
            case(intensity=50.0, peak=100.0, bandwidth=10.0),
            case(intensity=1 / 12, peak=8.1e12, bandwidth=3.2e11),
            lambda rng: case(intensity=10 * uniform(1, generator=rng).item(), peak=60e9, bandwidth=12e9),
        ],
        alternatives=[
            lambda intensity, peak, bandwidth: min(bandwidth * intensity, peak),
            lambda intensity, peak, bandwidth: peak if intensity > peak / bandwidth else bandwidth * intensity,
            lambda intensity, peak, bandwidth: 1 / max(1 / peak, 1 / bandwidth / intensity),
            lambda intensity, peak, bandwidth: np.minimum(peak, np.multiply(bandwidth, intensity)),
        ],
        mistakes={
            "always the peak": Mistake(
                lambda intensity, peak, bandwidth: peak,
                "You return the data sheet's number, which needs data that arrives in time. At 2 FLOP a byte and 10 "
                "bytes a second, how many FLOP a second can the memory feed?",
            ),
            "always the memory": Mistake(
                lambda intensity, peak, bandwidth: bandwidth * intensity,
                "From some intensity on the memory delivers more than the arithmetic can take. At 50 FLOP a byte you get 500, on a machine whose peak is 100.",
            ),
            "maximum": Mistake(
                lambda intensity, peak, bandwidth: max(peak, bandwidth * intensity),
                "The two limits hold at once. The lower one decides.",
            ),
            "divided instead of multiplied": Mistake(
                lambda intensity, peak, bandwidth: min(peak, bandwidth / intensity),
                "Look at the units: bytes/s times FLOP/byte is FLOP/s. More FLOP a byte must raise the limit.",
            ),
            "one after the other": Mistake(
                lambda intensity, peak, bandwidth: 1 / (1 / peak + 1 / (bandwidth * intensity)),
                "That adds the time for moving and the time for computing. A machine does both at once, so the longer of the two counts.",
            ),
        },
        hints=[
            "If memory is the limit: bytes a second times FLOP a byte. And if arithmetic is?",
            "The smaller of peak and bandwidth * intensity.",
        ],
    ),
    Exercise(
        id="hardware.training_bytes",
        reference=memory.training_bytes,
        cases=[
            case(parameters=1, activations=0, mixed=False),
            case(parameters=1, activations=0, mixed=True),
            case(parameters=0, activations=1, mixed=False),
            case(parameters=0, activations=1, mixed=True),
            case(parameters=124_000_000, activations=1_000_000_000, mixed=False),
            case(parameters=124_000_000, activations=1_000_000_000, mixed=True),
        ],
        alternatives=[
            lambda parameters, activations, mixed: (
                18 * parameters + 2 * activations if mixed else 16 * parameters + 4 * activations
            ),
            lambda parameters, activations, mixed: (16 + 2 * mixed) * parameters + (4 - 2 * mixed) * activations,
            _bytes_by_the_list,
            lambda parameters, activations, mixed: np.dot(
                [parameters, activations], {True: [18, 2], False: [16, 4]}[mixed]
            ),
        ],
        mistakes={
            "the optimiser forgotten": Mistake(
                lambda parameters, activations, mixed: (
                    (10 if mixed else 8) * parameters + (2 if mixed else 4) * activations
                ),
                "Adam remembers two running averages for each weight, of its gradient and of the gradient's square: 8 bytes more.",
            ),
            "four bytes a weight missing": Mistake(
                lambda parameters, activations, mixed: (
                    (14 if mixed else 12) * parameters + (2 if mixed else 4) * activations
                ),
                "Four things have a number for each weight: the weight, its gradient, and two averages of Adam, of the gradient and of its square. You have three.",
            ),
            "everything halved": Mistake(
                lambda parameters, activations, mixed: (
                    (8 if mixed else 16) * parameters + (2 if mixed else 4) * activations
                ),
                "Autocast halves only what it computes. Weights, gradients and averages stay in float32: an update of a thousandth of a weight would be lost in bf16.",
            ),
            "16 bytes a weight in mixed precision": Mistake(
                lambda parameters, activations, mixed: 16 * parameters + (2 if mixed else 4) * activations,
                "Under autocast it is 18. The 16 bytes of float32 all stay, gradients included, and a product in half precision needs a copy of its weights in half "
                "precision, 2 bytes more. (You may have read 16, as 2 + 2 + 4 + 8: that is training with the gradients in half precision, too, as DeepSpeed can.)",
            ),
            "activations still in float32": Mistake(
                lambda parameters, activations, mixed: (18 if mixed else 16) * parameters + 4 * activations,
                "What the forward pass computes in half precision, it keeps in half precision: 2 bytes a number. This is where mixed precision saves.",
            ),
        },
        hints=[
            "For each weight: the weight, its gradient, and what Adam remembers of it. How many bytes each?",
            "float32: 4 + 4 + 8 bytes a weight, and 4 a kept number. What of this changes under autocast?",
            "Mixed: the 16 bytes stay, and 2 more join them for the copy: 18 bytes a weight. Kept numbers take 2. Else 16 and 4.",
        ],
    ),
    Exercise(
        id="hardware.accumulated_gradient",
        reference=memory.accumulated_gradient,
        cases=[
            case(
                loss=_squares,
                weights=torch.zeros(1, dtype=torch.float64),
                examples=torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 4.0]], dtype=torch.float64),
                size=2,
            ),
            lambda rng: case(
                loss=_squares, weights=normal(3, generator=rng), examples=normal(8, 4, generator=rng), size=4
            ),
            lambda rng: case(
                loss=_squares, weights=normal(2, generator=rng), examples=normal(7, 3, generator=rng), size=3
            ),
            lambda rng: case(
                loss=_squares, weights=normal(2, generator=rng), examples=normal(5, 3, generator=rng), size=8
            ),
        ],
        properties=[
            prop(
                "no call of the loss gets more than `size` examples",
                _takes_parts,
                "What the loss keeps for its backward pass grows with the examples that it gets. `size` is what fits into memory.",
            ),
            prop(
                "nothing of a part is kept when the next one begins",
                _keeps_no_part,
                "The gradient of a part frees what its forward pass kept. Take it before you call the loss again.",
            ),
        ],
        alternatives=[_gradient_as_hinted, _gradient_by_backward, _gradient_by_jacobian, _gradient_by_even_parts],
        mistakes={
            "not divided at all": Mistake(
                lambda loss, weights, examples, size: _summed(
                    loss, weights, examples, size, lambda part, parts, n: 1.0
                ),
                "Each part's loss is a mean already. Adding up the gradients of two parts gives one twice as long, "
                "which is a learning rate twice as high.",
            ),
            "divided by the number of parts": Mistake(
                lambda loss, weights, examples, size: _summed(
                    loss, weights, examples, size, lambda part, parts, n: 1 / len(parts)
                ),
                "This is right only where all parts have the same size. Of three examples in parts of two and one, the last counts as much as the first two "
                "together: you get -5, the whole batch gives -4.",
            ),
            "weighed by the size that was asked for": Mistake(
                lambda loss, weights, examples, size: _summed(
                    loss, weights, examples, size, lambda part, parts, n: size / n
                ),
                "The last part may be smaller than `size`. Its weight is its own number of examples, divided by that "
                "of the whole batch.",
            ),
            "the whole batch at once": Mistake(
                _at_once,
                "The gradient is right, but all examples went through the loss together: this is the batch that doesn't fit. Cut it: `examples.split(size)`.",
            ),
            "one backward pass at the end": Mistake(
                _one_backward_pass,
                "The gradient is right, but a sum of the parts' losses keeps what each of them needs for its backward pass, all at once: no byte is saved. Take "
                "the gradient of each part before the next one's loss.",
            ),
            "only the last part": Mistake(
                _last_only,
                "The gradient of each part replaced the one before it. With .backward(): clear the gradients before the first part, not before each.",
            ),
            "the smaller last part dropped": Mistake(
                lambda loss, weights, examples, size: _summed(
                    loss, weights, examples, size, keep=lambda parts: [part for part in parts if len(part) == size]
                ),
                "Examples that don't fill a part are examples all the same. Here the third never counts.",
            ),
        },
        hints=[
            "The mean over n examples is the sum over parts of n_i/n times the mean over the part. Gradients add up in the same way.",
            "`for part in examples.split(size)`: the gradient of loss(weights, part), times len(part) / len(examples).",
            "`torch.autograd.grad(loss(weights, part), weights)[0]` with weights that require a gradient: weights = weights.detach().requires_grad_()",
        ],
    ),
]

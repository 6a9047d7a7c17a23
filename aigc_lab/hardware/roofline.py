r"""What a machine can reach at most: the slower of its arithmetic and its memory.

A piece of work takes a number of floating-point operations (FLOP) and moves a number of bytes to and from memory. Their
quotient, the arithmetic intensity, says whether it waits for the arithmetic or for the memory.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from aigc_lab.hardware.timing import TorchDevice


def arithmetic_intensity(m: int, k: int, n: int, bytes_per_number: int) -> float:
    r"""FLOP a byte of the product of an (m, k) and a (k, n) matrix.

    .. math:: I = \frac{2mkn}{b\,(mk + kn + mn)}

    A multiplication and an addition count as two. Each matrix passes through memory once, which is what a product cut into blocks comes close to.

    Args:
        m, k, n: sizes.
        bytes_per_number: b, 4 for float32, 2 for bf16 and fp16.
    """
    return 2 * m * k * n / (bytes_per_number * (m * k + k * n + m * n))


def attainable(intensity: float, peak: float, bandwidth: float) -> float:
    r"""FLOP/s that a machine can reach at most at this intensity.

    .. math:: P(I) = \min(P_\text{peak},\ B\,I)

    Args:
        intensity: I, FLOP a byte.
        peak: FLOP/s of the arithmetic alone.
        bandwidth: B, bytes/s of the memory.

    Source:
        Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures", 2009.
    """
    return min(peak, bandwidth * intensity)


@dataclass(frozen=True)
class Work:
    """FLOP, and bytes moved if each number passes through memory once."""

    flop: float
    bytes: float

    @property
    def intensity(self) -> float:
        """FLOP a byte."""
        return self.flop / self.bytes

    def __add__(self, other: "Work") -> "Work":
        return Work(self.flop + other.flop, self.bytes + other.bytes)


def convolution(
    n: int,
    c_in: int,
    h: int,
    w: int,
    c_out: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    bytes_per_number: int = 4,
) -> Work:
    r"""The work of a convolution's forward pass, without its bias.

    .. math:: 2\,n\,h'w'\,c_\text{out}\,c_\text{in}\,k^2 \text{ FLOP}, \qquad b\,(n\,c_\text{in}hw + c_\text{out}c_\text{in}k^2 + n\,c_\text{out}h'w') \text{ bytes}

    Args:
        n, c_in, h, w: shape of the input.
        c_out, kernel, stride, padding: of the convolution; h' and w' are the height and width that come out.
        bytes_per_number: b.
    """
    high, wide = ((size + 2 * padding - kernel) // stride + 1 for size in (h, w))
    weights = c_out * c_in * kernel**2
    numbers = n * c_in * h * w + weights + n * c_out * high * wide
    return Work(2 * n * high * wide * weights, bytes_per_number * numbers)


@dataclass(frozen=True)
class Machine:
    """A roof: FLOP/s of the arithmetic and bytes/s of the memory."""

    name: str
    peak: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """The intensity at which the roof bends: below, memory is the limit; above, arithmetic."""
        return self.peak / self.bandwidth

    def attainable(self, intensity: float) -> float:
        """The most FLOP/s that it can reach at this intensity, in FLOP a byte."""
        return attainable(intensity, self.peak, self.bandwidth)


def measure_peak(device: torch.device, size: int, dtype: torch.dtype = torch.float32, repeats: int = 5) -> float:
    """FLOP/s of a product of two square matrices, in the fastest of several runs.

    Args:
        size: of the matrices; large enough that arithmetic is the limit.
    """
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / _fastest(device, lambda: a @ b, repeats)


def measure_bandwidth(device: torch.device, mebibytes: int, repeats: int = 5) -> float:
    """Bytes/s of a = b + 3 c on long vectors, in the fastest of several runs: two vectors are read and one is written.

    Most CPUs fetch what they are about to overwrite (write-allocate). Then four vectors pass through memory where three are counted, and an operation that
    only reads may reach up to 4/3 of this number.

    Args:
        mebibytes: of each vector; far more than the caches hold.

    Source:
        McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers", 1995 (the triad).
    """
    a, b, c = (torch.ones(mebibytes * 2**18, device=device) for _ in range(3))
    return 3 * a.nbytes / _fastest(device, lambda: torch.add(b, c, alpha=3.0, out=a), repeats)


def _fastest(device: torch.device, work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest run, the first not counted: a roof is what a machine can do when nothing disturbs it."""
    here, taken = TorchDevice(device), []
    for _ in range(repeats + 1):
        here.synchronize()
        start = here.now()
        work()
        here.synchronize()
        taken.append(here.now() - start)
    return min(taken[1:])


def allow_tf32(allowed: bool) -> None:
    """Set whether a CUDA GPU may round float32 factors of matrix products and convolutions to TF32.

    TF32 has 10 bits after the leading one in place of 23. torch's own default is yes for convolutions and no for
    products, so a convolution may rise above a roof that was measured with a product.
    """
    with warnings.catch_warnings(action="ignore"):  # newer versions of torch have another switch, too
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed


class _Counting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.flop = 0

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        if operation._overloadpacket in flop_registry:
            self.flop += flop_registry[operation._overloadpacket](*args, **(kwargs or {}), out_val=result)
        return result


def count_flop(function: Callable[[], Any]) -> int:
    """FLOP of the matrix products and convolutions that a function runs, forwards and backwards, by torch's own formulas.

    torch's `FlopCounterMode` counts the same, but stops at a gradient with respect to a network's input, which penalties such as R1 need.
    """
    with _Counting() as counting:
        function()
    return counting.flop

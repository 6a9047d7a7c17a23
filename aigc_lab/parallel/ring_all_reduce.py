"""How processes in a ring get the sum of all their vectors, each talking to its neighbour only."""

from collections.abc import Iterator

import torch
from torch import Tensor


def bytes_sent(size: float, processes: int) -> float:
    r"""What each process sends in one ring all-reduce.

    .. math:: 2\,\frac{p - 1}{p}\,M

    Args:
        size: M, bytes of the vector that each process holds.
        processes: p, at least 1.

    Returns:
        Bytes, in 2 (p - 1) messages of M/p: nothing for one process, and less than 2 M for any number. As long as the
        processes do all of the adding, no method lets the busiest one send less; with a switch that adds (in-network
        reduction), M is enough.

    Source:
        Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009.
    """
    return 2 * (processes - 1) * size / processes


def rounds(vectors: Tensor) -> Iterator[Tensor]:
    r"""A ring all-reduce, round by round.

    Each vector is cut into p pieces. In each round process i sends one piece to process i + 1 (the last one to the first):

    - *gather sums*, rounds 1 to p - 1: in round r it sends piece (i - r + 1) mod p, and its neighbour adds it to its own. After them, process i
      has the whole sum of piece (i + 1) mod p.
    - *hand round*, another p - 1: finished pieces travel on, and replace what is there.

    Args:
        vectors: one row per process, (p, d); p must divide d.

    Yields:
        The rows before the first round, and after each: 2 p - 1 copies. In the last one, every row is the sum of all.

    Raises:
        ValueError: p doesn't divide d.
    """
    p, d = vectors.shape
    if d % p:
        raise ValueError(f"{d} numbers can't be cut into {p} equal pieces")
    pieces = vectors.reshape(p, p, d // p).clone()  # process, piece, numbers
    yield pieces.reshape(p, d).clone()
    sender = torch.arange(p)
    receiver = (sender + 1) % p
    for r in range(2 * (p - 1)):
        adding = r < p - 1
        piece = (sender - r) % p if adding else (sender + 1 - (r - (p - 1))) % p
        message = pieces[sender, piece].clone()  # all send at once, before anything arrives
        pieces[receiver, piece] = pieces[receiver, piece] + message if adding else message
        yield pieces.reshape(p, d).clone()


def seconds(size: float, processes: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""How long a ring all-reduce takes.

    .. math:: 2 (p - 1) \left(\alpha + \frac{M}{p\,\beta}\right)

    Args:
        size: M, bytes. processes: p.
        bandwidth: β, bytes a second between two neighbours. latency: α, seconds before a message sets out.

    Returns:
        Seconds.
    """
    return 2 * (processes - 1) * latency + bytes_sent(size, processes) / bandwidth

"""Sending gradients while the backward pass still runs: when each layer computes, and when its message travels."""

from collections.abc import Sequence
from typing import NamedTuple


class Timeline(NamedTuple):
    """One backward pass with its messages: (start, end) of each layer in seconds, in the order of the backward pass."""

    computing: list[tuple[float, float]]
    sending: list[tuple[float, float]]

    @property
    def seconds(self) -> float:
        """Until everything is computed and sent."""
        return max(end for _, end in self.computing + self.sending)


def timeline(computing: Sequence[float], sending: Sequence[float], *, overlapped: bool) -> Timeline:
    r"""When the layers of a backward pass compute and send, with one link that carries one message at a time.

    With :math:`c_k` and :math:`s_k` the seconds that layer k computes and sends, message k starts at

    .. math:: t_k = \max\Big(\sum_{j \le k} c_j,\; t_{k-1} + s_{k-1}\Big)

    if messages overlap with computing: as soon as its gradient is ready and the link is free. Otherwise all wait for the last gradient.

    Args:
        computing: seconds of each layer, the last layer of the network first.
        sending: seconds of each layer's message, as many.
        overlapped: whether messages leave during the backward pass.

    Raises:
        ValueError: no layer, or not as many messages as layers.
    """
    if not computing or len(computing) != len(sending):
        raise ValueError(f"each layer needs a time to compute and one to send, got {len(computing)} and {len(sending)}")
    computed, now = [], 0.0
    for seconds in computing:
        computed.append((now, now + seconds))
        now += seconds
    sent, free = [], 0.0 if overlapped else now
    for (_, ready), seconds in zip(computed, sending, strict=True):
        start = max(ready, free)
        free = start + seconds
        sent.append((start, free))
    return Timeline(computed, sent)

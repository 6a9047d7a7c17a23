"""Classifier-free guidance: one network that knows the velocity with and without a class, and a step beyond the class's own."""

from torch import Tensor


def guided(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    r"""Classifier-free guidance: :math:`v_\varnothing + w\,(v_y - v_\varnothing)`. w = 1 is the class's velocity, above 1 beyond it.

    Args:
        conditional, unconditional: velocities with and without the class, same shape.
        guidance: w.

    Returns:
        The guided velocity, same shape.

    Source:
        Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022, whose w is smaller by 1.
    """
    return unconditional + guidance * (conditional - unconditional)

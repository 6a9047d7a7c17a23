"""Exercise of lesson 02 on the gated recurrent unit."""

import torch

from aigc_lab.exercises import Exercise, Mistake, case, normal
from aigc_lab.lm import networks

LESSON = "02 Four eras"


def _parts(from_input, from_state):
    return (*from_input.chunk(3, -1), *from_state.chunk(3, -1))


def _gates_swapped(from_input, from_state, state):
    a_r, a_z, a_n, b_r, b_z, b_n = _parts(from_input, from_state)
    keep = torch.sigmoid(a_z + b_z)
    proposal = torch.tanh(a_n + torch.sigmoid(a_r + b_r) * b_n)
    return keep * proposal + (1 - keep) * state


def _reset_on_everything(from_input, from_state, state):
    a_r, a_z, a_n, b_r, b_z, b_n = _parts(from_input, from_state)
    keep = torch.sigmoid(a_z + b_z)
    proposal = torch.tanh(torch.sigmoid(a_r + b_r) * (a_n + b_n))
    return (1 - keep) * proposal + keep * state


def _no_reset(from_input, from_state, state):
    _, a_z, a_n, _, b_z, b_n = _parts(from_input, from_state)
    keep = torch.sigmoid(a_z + b_z)
    return (1 - keep) * torch.tanh(a_n + b_n) + keep * state


def _order_of_gates(from_input, from_state, state):
    a_z, a_r, a_n, b_z, b_r, b_n = _parts(from_input, from_state)
    keep = torch.sigmoid(a_z + b_z)
    return (1 - keep) * torch.tanh(a_n + torch.sigmoid(a_r + b_r) * b_n) + keep * state


def _step_by_hint(from_input, from_state, state):
    a_r, a_z, a_n = from_input.chunk(3, dim=-1)
    b_r, b_z, b_n = from_state.chunk(3, dim=-1)
    r, z = torch.sigmoid(a_r + b_r), torch.sigmoid(a_z + b_z)
    n = torch.tanh(a_n + r * b_n)
    return (1 - z) * n + z * state


def _step_by_slices(from_input, from_state, state):
    size = state.shape[-1]
    gates = 1 / (1 + torch.exp(-(from_input + from_state)[:, : 2 * size]))
    proposal = torch.tanh(from_input[:, 2 * size :] + gates[:, :size] * from_state[:, 2 * size :])
    return proposal + gates[:, size:] * (state - proposal)


def _step_by_rows(from_input, from_state, state):
    size, rows = state.shape[1], []
    for a, b, h in zip(from_input, from_state, state, strict=True):
        r, z = (a + b)[:size].sigmoid(), (a + b)[size : 2 * size].sigmoid()
        rows.append(torch.lerp((a[2 * size :] + r * b[2 * size :]).tanh(), h, z))
    return torch.stack(rows)


def _case(batch, size):
    return lambda rng: case(
        from_input=2 * normal(batch, 3 * size, generator=rng),
        from_state=2 * normal(batch, 3 * size, generator=rng),
        state=normal(batch, size, generator=rng),
    )


EXERCISES = [
    Exercise(
        id="lm.gru_step",
        reference=networks.gru_step,
        cases=[_case(1, 1), _case(3, 4)],
        gradients=True,
        mistakes={
            "z the wrong way round": Mistake(
                _gates_swapped,
                "Here z says how much is *replaced*. In torch (and in the equation above) z says how much of the old state is *kept*: at z = 1 the new "
                "state is the old one. Both conventions are in print, so look before you load weights.",
            ),
            "reset gate on the input too": Mistake(
                _reset_on_everything,
                "r silences the new character as well: at r = 0 your proposal is tanh(0) = 0 whatever was read. It should gate only what "
                "comes from the state.",
            ),
            "no reset gate": Mistake(
                _no_reset,
                "Without r the proposal always mixes in the old state. How would this unit start afresh after a full stop?",
            ),
            "r and z in the wrong order": Mistake(
                _order_of_gates,
                "The three parts come in the order r, z, n. You took the first for z.",
            ),
        },
        hints=[
            "`a_r, a_z, a_n = from_input.chunk(3, dim=-1)`, and the same for `from_state`.",
            "r and z are sigmoids of sums; n is the tanh of a_n + r * b_n.",
            "return (1 - z) * n + z * state",
        ],
        alternatives=[_step_by_hint, _step_by_slices, _step_by_rows],
    ),
]

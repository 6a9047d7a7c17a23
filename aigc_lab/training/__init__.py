"""The one training loop, `fit`, and its parts.

- `loop`: `fit`
- `budget`: steps or seconds, and "is it due?"
- `batches`: the order of the examples
- `history`: what was measured, step by step
- `scalars`: losses, kept on the device until they are read
- `progress_bar`: the bar, and the reader's wish to stop
- `checkpoint`: the state of a training on disk
- `checkpointer`: what goes into a checkpoint, and when
- `rng`: every random generator's state, saved and restored
- `processes`: the processes of one training
- `threads`: how many threads it takes on a CPU that others use, too
"""

from aigc_lab.recipes.recipe import Recipe
from aigc_lab.training.batches import Batches, as_tensors
from aigc_lab.training.checkpoint import CheckpointError
from aigc_lab.training.history import History
from aigc_lab.training.loop import OutOfMemoryError, fit
from aigc_lab.training.processes import ProcessLostError
from aigc_lab.training.scalars import NonFiniteLossError

__all__ = [
    "Batches",
    "CheckpointError",
    "History",
    "NonFiniteLossError",
    "OutOfMemoryError",
    "ProcessLostError",
    "Recipe",
    "as_tensors",
    "batches",
    "budget",
    "checkpoint",
    "checkpointer",
    "fit",
    "history",
    "loop",
    "processes",
    "progress_bar",
    "rng",
    "scalars",
    "threads",
]

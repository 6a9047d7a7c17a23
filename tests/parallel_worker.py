"""What each of two processes does in test_processes.py: `python parallel_worker.py FOLDER [kill]`, started by torchrun."""

import atexit
import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from aigc_lab import training
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.training import checkpoint as training_checkpoint
from aigc_lab.training.processes import Processes

STEPS = 12


class Line:
    """A linear model in float64, with noise of its own in each process if `noisy`."""

    def __init__(self, noisy=False):
        torch.manual_seed(Processes().index)  # other first weights in each process: the first one's must win
        self.model = nn.Linear(3, 1).double()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.optimizer_step, self.noisy = OptimizerStep(), noisy

    def step(self, batch):
        return self.optimizer_step(self.loss, self.optimizer, batch)

    def loss(self, batch):
        x, y = batch
        noise = torch.randn(len(x), 3).double() if self.noisy else 0.0
        value = (self.model(x + noise)[:, 0] - y).square().mean()
        return value, {"loss": value}

    def to(self, device):
        self.model.to(device)
        return self

    def state_dict(self):
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def data():
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(40, 3, generator=rng).double()
    return x, x.sum(dim=1) + 0.1 * torch.randn(40, generator=rng).double()


def threads():
    """The names of this process's threads, where the system tells them (Linux)."""
    return [file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")]


def main(folder, kill):
    # The first to be registered is the last to be called.
    atexit.register(lambda: (Path(folder) / f"threads {index}").write_text(" ".join(threads())))
    index, save = Processes().index, training_checkpoint.save

    def witnessed(state, path):
        save(state, path)
        with open(Path(folder) / "writers", "a") as log:
            log.write(f"{index} ")

    training_checkpoint.save = witnessed

    def press(step, recipe, history):
        if kill and index == 1 and step == 7:
            os.kill(os.getpid(), signal.SIGKILL)

    plain = Line()
    training.fit(plain, data(), steps=STEPS, batch_size=8)
    torch.save(plain.state_dict(), Path(folder) / f"plain {index}")
    noisy = Line(noisy=True)
    checkpoint = Path(folder) / "run"
    training.fit(
        noisy,
        data(),
        steps=STEPS,
        batch_size=8,
        checkpoint=checkpoint,
        save_every_steps=2,
        callback=press,
        every_steps=1,
    )


if __name__ == "__main__":
    main(sys.argv[1], "kill" in sys.argv)

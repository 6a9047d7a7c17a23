"""What each of two processes does in test_processes.py: `python parallel_worker.py FOLDER [kill] [press]`, started by torchrun."""

import atexit
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn

from aigc_lab import training
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.training import budget
from aigc_lab.training import checkpoint as training_checkpoint
from aigc_lab.training.processes import Processes

STEPS, LONG = 12, 300


class Line:
    """A linear model in float64, with noise of its own in each process if `noisy`."""

    def __init__(self, noisy=False):
        torch.manual_seed(Processes().index)  # other first weights in each process: the first one's must win
        self.model = nn.Linear(3, 1).double()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.optimizer_step, self.noisy, self.rates = OptimizerStep(), noisy, []

    def step(self, batch):
        self.rates.append(self.progress)  # a recipe's learning rate follows it
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
    """The names of this process's threads, where the system gives them (Linux)."""
    return [file.read_text(encoding="utf-8").strip() for file in Path("/proc/self/task").glob("*/comm")]


def main(folder, kill, press):
    # The first to be registered is the last to be called.
    atexit.register(lambda: (Path(folder) / f"threads {index}").write_text(" ".join(threads()), encoding="utf-8"))
    index, save = Processes().index, training_checkpoint.save

    def witnessed(state, path):
        save(state, path)
        with open(Path(folder) / "writers", "a", encoding="utf-8") as log:
            log.write(f"{index} ")

    training_checkpoint.save = witnessed

    def accident(step, recipe, history):
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
        callback=accident,
        every_steps=1,
    )
    by_the_clock(Path(folder), index)
    stopped(Path(folder), index, press)


def by_the_clock(folder, index):
    """A budget of seconds, for processes whose clocks disagree: the second one's clock runs ahead."""
    real = time.perf_counter
    if index == 1:
        budget.time = SimpleNamespace(perf_counter=lambda: 1.5 * real())
    recipe = Line()
    history = training.fit(
        recipe, data(), seconds=1.0, batch_size=8, save_every_seconds=0.3, checkpoint=folder / "clock"
    )
    budget.time = time
    torch.save({"steps": len(history), "rates": recipe.rates} | recipe.state_dict(), folder / f"clock {index}")


def stopped(folder, index, press):
    """A longer training, which is stopped by one of the two if `press`."""

    def button(step, recipe, history):
        if press and index == 1 and step == 20:
            os.kill(os.getpid(), signal.SIGINT)

    messages, agree = [], Processes.agree_on_time
    Processes.agree_on_time = lambda *things: (messages.append(1), agree(*things))[1]
    recipe = Line(noisy=True)
    path = folder / "long"
    history = training.fit(recipe, data(), steps=LONG, batch_size=8, checkpoint=path, callback=button, every_steps=1)
    found = {
        "steps": len(history),
        "interrupted": history.interrupted,
        "messages": len(messages),
        "seconds": history.seconds[-1],
    }
    torch.save(found | recipe.state_dict(), folder / f"long {index}")


if __name__ == "__main__":
    main(sys.argv[1], "kill" in sys.argv, "press" in sys.argv)

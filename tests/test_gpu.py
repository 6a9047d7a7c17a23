"""What only a GPU can show: `pytest -m gpu`. Elsewhere these tests are skipped."""

import pytest
import torch

from aigc_lab import datasets, flow, gan, lm, runtime, training, vae
from aigc_lab.training import loop, scalars

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU on this machine"),
]


@pytest.fixture(autouse=True)
def _on_the_gpu(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "gpu")
    assert runtime.device().type == "cuda"


def make(kind):
    torch.manual_seed(0)
    digits = datasets.load("digits")
    if kind == "lm":
        return lm.LmRecipe(lm.TransformerLM(50, width=32, layers=2, context=32)), torch.randint(50, (200, 33))
    recipes = {"gan": gan.GanRecipe, "vae": vae.VaeRecipe, "flow": flow.FlowRecipe}
    return recipes[kind].for_data(digits), (digits.images, digits.labels)


KINDS = ("gan", "vae", "flow", "lm")
LOSS = {"gan": "generator", "vae": "loss", "flow": "loss", "lm": "bits"}


def precisions():
    real_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return [None, "fp16", *(["bf16"] if real_bf16 else [])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", precisions())
def test_every_recipe_learns_in_every_precision(kind, precision):
    recipe, data = make(kind)
    history = training.fit(recipe, data, steps=60, precision=precision, channels_last=kind != "lm")
    assert len(history) == 60
    assert all(weight.is_cuda for module in loop._modules(recipe) for weight in module.parameters())
    if kind != "gan":  # a GAN's losses need not fall
        assert history[LOSS[kind]][-10:].mean() < history[LOSS[kind]][:10].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_on_the_gpu_it_goes_on_where_it_was(kind, tmp_path):
    """To within rounding: some of a GPU's sums don't keep their order."""
    whole, data = make(kind)
    expected = training.fit(whole, data, steps=30)
    parted, data = make(kind)
    stopped = training.fit(parted, data, steps=30, checkpoint=tmp_path / "run", callback=_stop_at(15), every_steps=15)
    assert (len(stopped), stopped.interrupted) == (15, True)
    again, data = make(kind)
    found = training.fit(again, data, steps=30, checkpoint=tmp_path / "run")
    assert found[LOSS[kind]][15:] == pytest.approx(expected[LOSS[kind]][15:], rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_recipe_takes_its_optimizers_memory_along(kind):
    """From the GPU to the CPU and back: Adam's state lies where the weights are."""
    recipe, data = make(kind)
    training.fit(recipe, data, steps=2)
    for device in ("cpu", "cuda"):
        assert recipe.to(device).device.type == device
        for part in (getattr(recipe, name) for name in recipe.parts):
            if isinstance(part, torch.optim.Optimizer):
                averages = [t for memory in part.state.values() for name, t in memory.items() if name != "step"]
                assert {average.device.type for average in averages} == {device}
    assert len(training.fit(recipe, data, steps=2)) == 2


def _stop_at(step):
    import os
    import signal

    def stop(now, recipe, history):
        if now == step:
            os.kill(os.getpid(), signal.SIGINT)

    return stop


def test_a_real_shortage_of_memory_leaves_the_gpu_usable():
    recipe, data = make("vae")
    many = torch.cuda.mem_get_info()[1] // (28 * 28 * 4 * 40)  # more than fits
    with pytest.raises(training.OutOfMemoryError, match=r"peak of .* GiB.*accumulate"):
        training.fit(recipe, data, steps=1, batch_size=int(many))
    assert len(training.fit(recipe, data, steps=3)) == 3


def test_data_that_doesn_t_fit_goes_over_in_batches(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device=None: (1000, 2000))
    recipe, data = make("vae")
    assert len(training.fit(recipe, data, steps=3)) == 3


def test_losses_are_read_every_few_steps_only(monkeypatch):
    reads = []
    read = scalars.ScalarLog.read
    monkeypatch.setattr(scalars.ScalarLog, "read", lambda self: (reads.append(1), read(self)))
    recipe, data = make("vae")
    assert len(training.fit(recipe, data, steps=200)) == 200
    assert len(reads) <= 200 / 50 + 2

"""The recipe of language models: it learns a cycle, starts at the loss of guessing, and goes on from its saved state."""

import math

import pytest
import torch

from aigc_lab import lm, training
from aigc_lab.training import budget


def test_windows_overlap_by_half():
    assert lm.windows(torch.arange(11), 4).tolist() == [
        [0, 1, 2, 3, 4],
        [2, 3, 4, 5, 6],
        [4, 5, 6, 7, 8],
        [6, 7, 8, 9, 10],
    ]
    with pytest.raises(ValueError, match="no window"):
        lm.windows(torch.arange(4), 4)


@pytest.mark.parametrize("kind", [lm.GruLM, lm.TransformerLM])
def test_learns_a_cycle_and_starts_near_the_uniform_model(kind):
    torch.manual_seed(0)
    vocabulary = lm.Vocabulary("abcd")
    tokens = vocabulary.encode("abcd" * 200)
    sizes = {"width": 16, "state": 16} if kind is lm.GruLM else {"width": 16, "layers": 1, "heads": 2, "context": 16}
    recipe = lm.LmRecipe(kind(len(vocabulary), **sizes), learning_rate=0.01)
    history = training.fit(recipe, lm.windows(tokens, 16), steps=150, batch_size=8)
    assert abs(history["bits"][0] - math.log2(5)) < 0.6
    assert history["bits"][-1] < 0.2


def test_recipe_goes_on_from_its_state():
    def recipe():
        torch.manual_seed(0)
        return lm.LmRecipe(lm.GruLM(5, width=4, state=6))

    batches = torch.randint(5, (6, 3, 9), generator=torch.Generator().manual_seed(1))
    straight, first, second = recipe(), recipe(), recipe()
    for batch in batches:
        straight.step((batch,))
    for batch in batches[:3]:
        first.step((batch,))
    second.load_state_dict(first.state_dict())
    for batch in batches[3:]:
        second.step((batch,))
    for a, b in zip(straight.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)


class Witness(lm.LmRecipe):
    """Writes down the rate of each step."""

    def __init__(self):
        torch.manual_seed(0)
        super().__init__(lm.GruLM(5, width=4, state=6), learning_rate=0.5)
        self.rates = []

    def step(self, batch):
        scalars = super().step(batch)
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        return scalars


WINDOWS = torch.randint(5, (30, 9), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("steps", [20, 60])
def test_the_rate_falls_over_the_whole_budget_that_fit_is_given(steps, monkeypatch):
    """The schedule was once made for a number of steps given to the recipe; beyond it, training went on at rate 0."""
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    recipe = Witness()
    training.fit(recipe, WINDOWS, steps=steps, batch_size=4)
    cosine = [0.5 * (0.5 + 0.5 * math.cos(math.pi * step / steps)) for step in range(steps)]
    assert recipe.rates[steps // 10 :] == pytest.approx(cosine[steps // 10 :])
    assert min(recipe.rates) > 0


def test_the_rate_follows_a_budget_of_seconds_too(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    now = [0.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])

    class OneSecond(Witness):
        def step(self, batch):
            now[0] += 1.0
            return super().step(batch)

    by_steps, by_seconds = Witness(), OneSecond()
    training.fit(by_steps, WINDOWS, steps=30, batch_size=4)
    training.fit(by_seconds, WINDOWS, seconds=30.0, batch_size=4)
    assert by_seconds.rates == by_steps.rates


@pytest.mark.parametrize(
    "batch",
    [
        (WINDOWS, WINDOWS[:, 0]),
        (WINDOWS.float(),),
        (WINDOWS[0],),
        (WINDOWS[:, :1],),
    ],
)
def test_what_is_no_window_of_tokens_is_refused(batch):
    with pytest.raises(ValueError, match=r"windows of tokens, int64 \(n, time \+ 1\), as lm.windows cuts them; got"):
        Witness().step(batch)

"""The recipe of language models: it learns a cycle, starts where guessing stands, and goes on from its state."""

import math

import pytest
import torch

from aigc_lab import lm, training


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
    recipe = lm.LmRecipe(kind(len(vocabulary), **sizes), steps=150, learning_rate=0.01)
    history = training.fit(recipe, lm.windows(tokens, 16), steps=150, batch_size=8)
    assert abs(history["bits"][0] - math.log2(5)) < 0.6
    assert history["bits"][-1] < 0.2


def test_recipe_goes_on_from_its_state():
    def recipe():
        torch.manual_seed(0)
        return lm.LmRecipe(lm.GruLM(5, width=4, state=6), steps=20)

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

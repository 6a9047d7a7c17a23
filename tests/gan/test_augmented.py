"""D sees real and drawn pictures through one change; the stored trainings say what their record says."""

import pytest
import torch

from aigc_lab import datasets, pretrained, training, transforms
from aigc_lab.gan import GanRecipe
from aigc_lab.gan.augmented import AugmentedGanRecipe, Changes


@pytest.fixture
def tiny():
    animals = datasets.load("cats_dogs")
    return transforms.to_signed(animals.images[:64]), animals.labels[:64]


def made(kind, **settings):
    torch.manual_seed(0)
    return kind((1, 28, 28), 2, width=4, **settings)


def test_no_change_is_the_plain_recipe_to_the_bit(tiny):
    plain, changed = made(GanRecipe), made(AugmentedGanRecipe, augment=lambda images: images)
    for recipe in (plain, changed):
        training.fit(recipe, tiny, steps=5, batch_size=16)
    for a, b in zip(plain.generator.parameters(), changed.generator.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(plain.discriminator.realness.weight, changed.discriminator.plain.realness.weight)


def test_the_change_meets_real_and_drawn_pictures_alike(tiny):
    met = []

    def spy(images):
        met.append(images)
        return images

    made(AugmentedGanRecipe, augment=spy).step((tiny[0][:16], tiny[1][:16]))
    real = [
        torch.isin(images.flatten(1)[:, 400:420].sum(1), tiny[0][:16].flatten(1)[:, 400:420].sum(1)) for images in met
    ]
    assert len(met[0]) == 32  # D's step: 16 real ones and 16 drawn ones go through in one batch
    assert real[0][:16].all()
    assert any(len(images) == 16 and images.requires_grad and not images.is_leaf for images in met)  # G's step


def test_gradient_comes_back_through_the_change():
    recipe = made(AugmentedGanRecipe, augment=Changes(1.0, flip=True, shift=2, turn=(0, 90, 180, 270)))
    recipe.discriminator(
        recipe.generator(torch.randn(8, recipe.generator.latent), torch.arange(8) % 2), torch.arange(8) % 2
    ).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in recipe.generator.parameters())


def test_samples_are_not_changed():
    black = made(AugmentedGanRecipe, augment=lambda images: images * 0 - 1)
    plain = made(GanRecipe)
    noise = [torch.Generator().manual_seed(3) for _ in range(2)]
    assert torch.equal(black.sample(4, 0, generator=noise[0]), plain.sample(4, 0, generator=noise[1]))


def test_a_stopped_training_goes_on_to_the_bit(tiny):
    first = made(AugmentedGanRecipe, augment=Changes(0.5, flip=True))
    training.fit(first, tiny, steps=3, batch_size=16)
    second = made(AugmentedGanRecipe, augment=Changes(0.5, flip=True))
    second.load_state_dict(first.state_dict())
    for recipe in (first, second):
        training.fit(recipe, tiny, steps=2, batch_size=16, seed=5)
    assert torch.equal(
        first.sample(2, 1, torch.Generator().manual_seed(0)), second.sample(2, 1, torch.Generator().manual_seed(0))
    )


def test_the_probability_of_changes_can_be_moved():
    images = torch.rand(200, 1, 4, 4)
    changes = Changes(flip=True)
    assert torch.equal(changes(images), images)
    changes.probability = 1.0
    torch.manual_seed(0)
    moved = (changes(images) != images).flatten(1).any(dim=1).double().mean()
    assert 0.35 < moved < 0.65


def test_the_stored_trainings_say_what_their_record_says():
    facts, stored = pretrained.info("cats_dogs_gans"), pretrained.load("cats_dogs_gans")
    for run, result in facts["result"].items():
        scores = stored[f"{run}/scores"]
        assert scores.shape == (len(facts["seed"]), len(facts["steps"]), len(facts["measures"]))
        for i, name in enumerate(facts["measures"]):
            assert scores[:, -1, i].tolist() == pytest.approx(result[name], abs=1e-4)
    turned = [
        facts["result"][f"200 pictures: {way}, both, every time"]["upright"] for way in ("90 degrees", "quarter turns")
    ]
    assert min(turned[0]) > 0.9  # can be undone
    assert min(turned[1]) < 0.5  # can't: where a seed ends is chance

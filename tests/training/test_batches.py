"""What `fit` takes as data: the forms that PyTorch's users have, and its answer to everything else."""

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from aigc_lab import datasets, flow, gan, lm, training, vae
from aigc_lab.training.batches import as_tensors

IMAGES = torch.randint(256, (12, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(12) % 3
EXPECTED = r"fit takes a Dataset of `datasets.load`, a tensor.*torch.utils.data.Dataset"


class Items(Dataset):
    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Endless(IterableDataset):
    def __iter__(self):
        yield from iter(int, 1)


PAIRS = [(image, int(label)) for image, label in zip(IMAGES, LABELS, strict=True)]


@pytest.mark.parametrize(
    "data",
    [
        (IMAGES, LABELS),
        [IMAGES, LABELS],
        (IMAGES.numpy(), LABELS.numpy()),
        (IMAGES, LABELS.tolist()),
        TensorDataset(IMAGES, LABELS),
        Items(*PAIRS),
        Items(*[list(pair) for pair in PAIRS]),
        Items(*[(image.numpy(), label) for image, label in PAIRS]),
        Subset(TensorDataset(torch.cat([IMAGES, IMAGES]), torch.cat([LABELS, LABELS])), range(12, 24)),
        ConcatDataset([Items(*PAIRS[:5]), Items(*PAIRS[5:])]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_pictures_with_labels_in_all_the_forms_that_people_have(data):
    images, labels = as_tensors(data)
    assert torch.equal(images, IMAGES)
    assert torch.equal(labels, LABELS)
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)


@pytest.mark.parametrize(
    "data", [IMAGES, IMAGES.numpy(), (IMAGES,), TensorDataset(IMAGES), Items(*IMAGES), Items(*IMAGES.numpy())]
)
def test_pictures_alone(data):
    (images,) = as_tensors(data)
    assert torch.equal(images, IMAGES)


def test_the_course_s_own_data_sets_are_taken_as_they_are():
    digits = datasets.load("digits")
    images, labels = as_tensors(digits)
    assert torch.equal(images, digits.images)
    assert torch.equal(labels, digits.labels)


def test_a_training_on_a_tensor_dataset_is_the_training_on_its_tensors(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")

    def losses(data):
        torch.manual_seed(0)
        return training.fit(vae.VaeRecipe((1, 8, 8), latent=3, width=4, hidden=16), data, steps=3, batch_size=4)["loss"]

    expected = losses((IMAGES, LABELS))
    np.testing.assert_array_equal(losses(TensorDataset(IMAGES, LABELS)), expected)
    np.testing.assert_array_equal(losses(Items(*PAIRS)), expected)


RECIPES = {
    "gan": lambda: gan.GanRecipe((1, 8, 8), classes=3, width=4, latent=5),
    "vae": lambda: vae.VaeRecipe((1, 8, 8), latent=3, width=4, hidden=16),
    "flow": lambda: flow.FlowRecipe((1, 8, 8), classes=3, width=8),
    "lm": lambda: lm.LmRecipe(lm.GruLM(11, width=8)),
}


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize(
    ("data", "got"),
    [
        ("digits", "got str"),
        (7, "got int"),
        (None, "got NoneType"),
        ({"images": IMAGES}, "got dict"),
        (iter([IMAGES]), "got list_iterator"),
        (Endless(), "got Endless"),
        (["a cat", "a dog"], "got a str in place of a tensor"),
        ([1.5, 2.5], "got a single number, 1.5"),
        ((IMAGES, None), "got a NoneType in place of a tensor"),
        (Items(IMAGES[0], IMAGES[1, :, :4]), r"got items that can't be stacked \(.*size.*dataset\[0\]"),
        (Items(object()), r"got items that can't be stacked"),
        (Items(("a cat", 1)), "got a (tuple|list) in place of a tensor"),
        (Items({"image": IMAGES[0]}), "got a dict in place of a tensor"),
    ],
)
def test_anything_else_is_one_kind_of_error_whatever_the_recipe(kind, data, got):
    with pytest.raises(TypeError, match=rf"{EXPECTED}.*{got}"):
        training.fit(RECIPES[kind](), data, steps=1)


def test_a_loader_is_answered_with_what_to_write():
    loader = DataLoader(TensorDataset(IMAGES, LABELS), batch_size=5, shuffle=True)
    with pytest.raises(TypeError, match=r"instead of the DataLoader.*fit\(recipe, loader.dataset, batch_size=5\)"):
        training.fit(RECIPES["gan"](), loader, steps=1)
    assert len(training.fit(RECIPES["gan"](), loader.dataset, batch_size=5, steps=1)) == 1


@pytest.mark.parametrize("data", [(), [], TensorDataset(IMAGES[:0]), Items(), IMAGES[:0]])
def test_nothing_is_said_to_be_nothing(data):
    with pytest.raises(ValueError, match="the data is empty"):
        as_tensors(data)


@pytest.mark.parametrize("kind", ["gan", "vae", "flow"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_pictures_of_whole_numbers_that_are_no_bytes_are_one_kind_of_error_too(kind, dtype):
    with pytest.raises(TypeError, match=rf"images must be uint8 or floating point, got {dtype}"):
        RECIPES[kind]().step((IMAGES.to(dtype), LABELS))

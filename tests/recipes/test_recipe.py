"""What all four recipes share: their state, moving to a device, and checking a batch of pictures."""

import copy
import weakref
from types import SimpleNamespace

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from aigc_lab import flow, gan, lm, training, vae
from aigc_lab.parallel import digit_classifier
from aigc_lab.recipes.optimizer_step import OptimizerStep
from aigc_lab.recipes.recipe import BaseRecipe, ImageRecipe, image_shape

from helpers import same

SHAPE = (1, 8, 8)
MAKE = {
    "gan": lambda: gan.GanRecipe(SHAPE, classes=3, width=4, latent=5),
    "vae": lambda: vae.VaeRecipe(SHAPE, latent=3, width=4, hidden=16),
    "flow": lambda: flow.FlowRecipe(SHAPE, classes=3, width=8),
    "lm": lambda: lm.LmRecipe(lm.GruLM(11, width=8)),
}


@pytest.fixture(params=MAKE)
def kind(request):
    return request.param


def make(kind, seed=0):
    torch.manual_seed(seed)
    return MAKE[kind]()


def batch(kind, n=12):
    rng = torch.Generator().manual_seed(1)
    if kind == "lm":
        return (torch.randint(11, (n, 9), generator=rng),)
    return torch.randint(256, (n, *SHAPE), dtype=torch.uint8, generator=rng), torch.arange(n) % 3


def taught(kind, steps, recipe=None, seed=0):
    recipe = recipe or make(kind, seed)
    for step in range(steps):
        torch.manual_seed(100 + step)
        recipe.step(batch(kind))
    return recipe


def networks(recipe):
    parts = [part for part in vars(recipe).values() if isinstance(part, torch.nn.Module)]
    return {f"{i}.{name}": t for i, part in enumerate(parts) for name, t in part.state_dict().items()}


def test_a_state_makes_another_recipe_the_same_in_all_that_follows(kind):
    first, second = taught(kind, 3), taught(kind, 1, seed=8)
    second.load_state_dict(first.state_dict())
    assert same(first.state_dict(), second.state_dict())
    taught(kind, 5, first)
    taught(kind, 5, second)
    assert same(networks(first), networks(second))
    assert same(first.state_dict(), second.state_dict())


def test_a_state_that_was_loaded_is_not_changed_by_learning(kind):
    recipe, other = taught(kind, 3), make(kind)
    state = copy.deepcopy(recipe.state_dict())
    kept = copy.deepcopy(state)
    other.load_state_dict(state)
    taught(kind, 3, other)
    assert same(state, kept)


def test_a_state_that_was_loaded_shares_no_memory_with_the_recipe():
    class Keeper(BaseRecipe):
        parts = ("tensor", "numbers", "by_name")

        def __init__(self):
            self.tensor, self.numbers, self.by_name = torch.zeros(2), [], {"deep": []}

    recipe, state = Keeper(), {"tensor": torch.ones(2), "numbers": [1], "by_name": {"deep": [2]}}
    recipe.load_state_dict(state)
    assert same(recipe.state_dict(), state)
    recipe.tensor += 1
    recipe.numbers.append(1)
    recipe.by_name["deep"].append(1)
    assert same(state, {"tensor": torch.ones(2), "numbers": [1], "by_name": {"deep": [2]}})


def test_a_state_survives_the_disk_without_code(kind, tmp_path):
    recipe, other = taught(kind, 3), make(kind, seed=8)
    torch.save(recipe.state_dict(), tmp_path / "state")
    other.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    assert same(networks(recipe), networks(other))


def test_a_state_that_lacks_a_part_is_refused_by_its_name(kind):
    state = make(kind).state_dict()
    name = next(iter(state))
    del state[name]
    with pytest.raises(KeyError, match=name):
        make(kind).load_state_dict(state)


def test_to_gives_the_recipe_back_and_changes_nothing_where_it_is_already(kind):
    recipe, twin = taught(kind, 2), taught(kind, 2)
    assert recipe.to("cpu") is recipe
    assert recipe.device == torch.device("cpu")
    assert same(networks(taught(kind, 2, recipe)), networks(taught(kind, 2, twin)))


def test_to_moves_networks_and_tensors(kind):
    """Tensors on the device `meta` have a place but no values. The optimisers' state is checked in test_gpu."""
    recipe = taught(kind, 2).to("meta")
    assert recipe.device.type == "meta"
    assert {tensor.device.type for tensor in networks(recipe).values()} == {"meta"}
    tensors = [part for name in recipe.parts if isinstance(part := getattr(recipe, name), torch.Tensor)]
    assert all(tensor.device.type == "meta" for tensor in tensors)


def test_every_part_that_learns_is_in_the_state(kind):
    """Anything left out (a network, an optimiser, a number) would be missing from a checkpoint."""

    def state(part):
        return part.state_dict() if hasattr(part, "state_dict") else part

    fresh, recipe = make(kind), taught(kind, 2)
    public = [name for name in vars(recipe) if not name.startswith("_")]
    changed = {name for name in public if not same(state(getattr(fresh, name)), state(getattr(recipe, name)))}
    assert changed == set(recipe.parts)


def test_the_smallest_recipe_has_the_same_base(tmp_path):
    one, other = digit_classifier.DigitClassifier(), digit_classifier.DigitClassifier()
    training.fit(one, digit_classifier.digits(64), steps=3, batch_size=16)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.weights(), other.weights())


class Holder:
    """Of one kept tensor."""

    def __init__(self, tensor):
        self.tensor = tensor


class Kept:
    """The bytes that forward passes keep for backward passes: at any moment, and at most. A part of a tensor counts as the whole."""

    def __init__(self, without):
        self.known = {tensor.untyped_storage().data_ptr() for tensor in without}
        self.holders, self.now, self.most = {}, 0, 0

    def pack(self, tensor):
        holder, storage = Holder(tensor.detach()), tensor.untyped_storage()
        address = storage.data_ptr()
        if address not in self.known:
            self.holders[address] = self.holders.get(address, 0) + 1
            if self.holders[address] == 1:
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
            weakref.finalize(holder, self.gone, address, storage.nbytes())
        return holder

    def gone(self, address, size):
        self.holders[address] -= 1
        if not self.holders[address]:
            self.now -= size


def most_kept(kind, accumulate):
    recipe = make(kind)
    recipe.optimizer_step = OptimizerStep(accumulate=accumulate)
    kept = Kept(networks(recipe).values())
    with saved_tensors_hooks(kept.pack, lambda holder: holder.tensor):
        recipe.step(batch(kind, n=48))
    assert kept.now == 0  # nothing is left of the step
    return kept.most


def test_in_k_parts_a_step_keeps_a_kth(kind):
    at_once = most_kept(kind, 1)
    for parts in (2, 4):
        assert 0 < most_kept(kind, parts) <= 1.02 * at_once / parts


# Pictures -------------------------------------------------------------------------------------------------------------


IMAGES, LABELS = torch.zeros(4, *SHAPE, dtype=torch.uint8), torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize("image_kind", ["gan", "vae", "flow"])
@pytest.mark.parametrize("wrong", [IMAGES.repeat(1, 3, 1, 1), IMAGES[:0], IMAGES[0], IMAGES[..., :4]])
def test_pictures_of_another_shape_are_refused_and_nothing_is_learnt(image_kind, wrong):
    recipe = make(image_kind)
    before = copy.deepcopy(networks(recipe))
    with pytest.raises(ValueError, match=rf"\(n, 1, 8, 8\) with n >= 1, got .*{type(recipe).__name__}.for_data"):
        recipe.step((wrong, LABELS))
    assert same(networks(recipe), before)


@pytest.mark.parametrize("labelled", ["gan", "flow"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((IMAGES,), r"3 classes: a batch is \(images, labels\)"),
        ((IMAGES, LABELS + 1), "label 3 is out of range"),
        ((IMAGES, LABELS[:3]), "one label a picture"),
        ((IMAGES + 255.0, LABELS), r"\[-1, 1\].*255"),
        ((IMAGES * float("nan"), LABELS), r"\[-1, 1\].*nan"),
    ],
)
def test_a_batch_that_doesn_t_fit_is_refused(labelled, wrong, message):
    with pytest.raises(ValueError, match=message):
        make(labelled).step(wrong)


def test_a_batch_is_learnt_as_numbers_from_minus_one_to_one():
    recipe = ImageRecipe()
    recipe.shape = SHAPE
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, *SHAPE)
    signed, labels = recipe.check_batch((images, torch.arange(3)))
    assert labels is None  # a recipe without classes
    torch.testing.assert_close(signed[:, 0, 0, 0], torch.tensor([-1.0, -0.6, 1.0]))
    assert recipe.check_batch((signed,))[0] is signed


def test_the_range_is_looked_at_once_only():
    """On a GPU, reading a value waits for all work to be done."""
    recipe = ImageRecipe()
    recipe.shape, recipe.steps_done = SHAPE, 1
    assert recipe.check_batch((IMAGES + 255.0,))[0].max() == 255


@pytest.mark.parametrize("labelled", ["gan", "flow"])
def test_labels_of_pictures_to_be_drawn(labelled):
    recipe = make(labelled)
    assert recipe.labels_for(3, 2).tolist() == [2, 2, 2]
    drawn = recipe.labels_for(300, None, torch.Generator().manual_seed(0))
    assert drawn.unique().tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        recipe.sample(0)


def test_a_dataset_without_pictures_has_no_shape():
    assert image_shape(SimpleNamespace(images=IMAGES)) == SHAPE
    for dataset in (SimpleNamespace(images=None), SimpleNamespace(texts=["a"])):
        with pytest.raises(ValueError, match="has none"):
            image_shape(dataset)


def test_the_averaged_weights_look_back_over_the_same_share_of_the_training():
    """With horizon 1, the weights of a GAN's average are the plain mean of G's weights at all steps."""
    torch.manual_seed(0)
    recipe, seen = gan.GanRecipe(SHAPE, classes=3, width=4, latent=5, ema_horizon=1.0), []
    for _ in range(5):
        recipe.step(batch("gan"))
        seen.append(torch.nn.utils.parameters_to_vector(recipe.generator.parameters()).detach().clone())
    averaged = torch.nn.utils.parameters_to_vector(recipe.averaged.parameters())
    torch.testing.assert_close(averaged, torch.stack(seen).mean(dim=0), rtol=1e-4, atol=1e-5)

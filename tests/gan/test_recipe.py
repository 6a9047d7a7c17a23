"""The class-conditional GAN: shapes, labels, and that it learns to draw what it is asked for."""

import contextlib
from types import SimpleNamespace

import pytest
import torch

from aigc_lab import datasets, gan, runtime, training, transforms
from aigc_lab.pretrained import classifier
from aigc_lab.recipes.optimizer_step import OptimizerStep


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


def recipe(shape=(1, 28, 28), classes=10, **settings):
    torch.manual_seed(0)
    return gan.GanRecipe(shape, classes, **({"width": 4} | settings))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 8, 12)])
@pytest.mark.parametrize("classes", [None, 1, 3])
@pytest.mark.parametrize("n", [1, 5])
def test_any_shape_any_number_of_classes(shape, classes, n):
    model = recipe(shape, classes)
    images = torch.randint(256, (n, *shape), dtype=torch.uint8)
    batch = (images,) if classes is None else (images, torch.randint(classes, (n,)))
    losses = model.step(batch)
    assert all(torch.isfinite(value) for value in losses.values())
    drawn = model.sample(7)
    assert drawn.shape == (7, *shape)
    assert drawn.dtype == torch.float32
    assert drawn.abs().max() <= 1


def test_for_data_reads_shape_and_classes():
    digits = datasets.load("digits")
    assert (gan.GanRecipe.for_data(digits).shape, gan.GanRecipe.for_data(digits).classes) == ((1, 28, 28), 10)
    unlabelled = SimpleNamespace(images=torch.zeros(3, 3, 32, 32, dtype=torch.uint8), labels=None, names=None)
    assert gan.GanRecipe.for_data(unlabelled, width=4).classes is None
    with pytest.raises(ValueError, match="has none"):
        gan.GanRecipe.for_data(datasets.load("moby_dick"))
    with pytest.raises(ValueError, match="multiples of 4"):
        gan.GanRecipe((1, 30, 28), 10)


def test_labels_may_be_one_many_or_none():
    model = recipe()

    def draw(labels):
        return model.sample(3, labels, torch.Generator().manual_seed(5))

    torch.testing.assert_close(draw(4), draw([4, 4, 4]))
    torch.testing.assert_close(draw(torch.tensor([1, 2, 3])), draw([1, 2, 3]))
    assert not torch.equal(draw(4), draw(5))
    assert draw(None).shape == (3, 1, 28, 28)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 10], ValueError, "label 10 is out of range: classes are 0 to 9"),
        ([0, -1, 2], ValueError, "label -1 is out of range"),
        ([0, 1], ValueError, "expected 3"),
        ([0.0, 1.0, 2.0], TypeError, "whole numbers"),
    ],
)
def test_wrong_labels_are_named(labels, error, message):
    with pytest.raises(error, match=message):
        recipe().sample(3, labels)


def test_a_model_without_classes_refuses_labels_and_no_picture_is_an_error():
    with pytest.raises(ValueError, match="trained without labels"):
        recipe(classes=None).sample(2, 1)
    with pytest.raises(ValueError, match="at least 1"):
        recipe().sample(0)


def test_state_travels_to_another_recipe():
    images, labels = torch.randint(256, (8, 1, 28, 28), dtype=torch.uint8), torch.arange(8)
    first, second = recipe(), recipe(learning_rate=1e-5)
    for _ in range(3):
        first.step((images, labels))
    second.load_state_dict(first.state_dict())
    noise = [torch.Generator().manual_seed(1) for _ in range(2)]
    assert torch.equal(first.sample(4, 3, noise[0]), second.sample(4, 3, noise[1]))
    for model in (first, second):  # the next step is the same too: the optimisers' state came along
        torch.manual_seed(9)
        model.step((images, labels))
    for one, other in zip(first.generator.parameters(), second.generator.parameters(), strict=True):
        assert torch.equal(one, other)


GREY = torch.zeros(4, 1, 28, 28, dtype=torch.uint8)
FOUR = torch.arange(4)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((GREY.repeat(1, 3, 1, 1), FOUR), r"\(n, 1, 28, 28\).*\(4, 3, 28, 28\).*GanRecipe.for_data"),
        ((GREY[:0], FOUR[:0]), r"\(0, 1, 28, 28\)"),
        ((GREY,), r"10 classes.*\(images, labels\)"),
        ((GREY, FOUR + 7), r"label 10 is out of range"),
        ((GREY, FOUR[:3]), r"one label a picture"),
        ((GREY + 255.0, FOUR), r"\[-1, 1\].*255"),
        ((GREY * float("nan"), FOUR), r"\[-1, 1\].*nan"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_before_anything_is_learnt(batch, message):
    model = recipe()
    before = [weight.clone() for weight in model.generator.parameters()]
    with pytest.raises(ValueError, match=message):
        model.step(batch)
    assert all(torch.equal(old, new) for old, new in zip(before, model.generator.parameters(), strict=True))


def test_labels_out_of_range_are_found_before_training():
    wrong = SimpleNamespace(images=GREY, labels=torch.tensor([0, 1, 2, 3]), names=["cat", "dog"])
    with pytest.raises(ValueError, match="from 0 to 1, got 0 to 3"):
        gan.GanRecipe.for_data(wrong)


@pytest.mark.parametrize("classes", [None, 1, 2])
def test_fewer_pictures_than_a_batch_and_a_single_class_can_be_trained(classes):
    few = SimpleNamespace(
        images=torch.randint(256, (5, 1, 8, 8), dtype=torch.uint8), labels=None, names=None, name="few"
    )
    if classes:
        few.labels, few.names = torch.arange(5) % classes, ["a", "b"][:classes]
    model = gan.GanRecipe.for_data(few, width=4)
    history = training.fit(model, few, steps=3, batch_size=64)
    assert len(history) == 3
    assert model.sample(2).shape == (2, 1, 8, 8)


def test_non_finite_pictures_in_the_midst_of_training_stop_it_and_the_history_stays():
    model = recipe(classes=None)
    images = torch.rand(64, 1, 28, 28) * 2 - 1
    model.step((images,))
    with pytest.raises(training.NonFiniteLossError, match="discriminator") as caught:
        training.fit(model, images * float("nan"), steps=3, batch_size=8)
    assert len(caught.value.history) == 0


def test_the_interrupt_button_leaves_a_model_that_draws(capsys):
    class Interrupted(gan.GanRecipe):
        def step(self, batch):
            if self.steps_done == 4:
                raise KeyboardInterrupt
            return super().step(batch)

    torch.manual_seed(0)
    model = Interrupted((1, 28, 28), 10, width=4)
    history = training.fit(model, (GREY, FOUR), steps=100, batch_size=4)
    assert history.interrupted
    assert len(history) == 4
    assert model.sample(3, labels=2).isfinite().all()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), KeyboardInterrupt()])
def test_broken_off_in_g_s_turn_it_can_be_trained_again(monkeypatch, error):
    def broken(batch):
        raise error

    def weights():
        return [weight.detach().clone() for weight in model.discriminator.parameters()]

    model, data = recipe(), (torch.randint(256, (16, 1, 28, 28), dtype=torch.uint8), torch.arange(16) % 10)
    with monkeypatch.context() as patch:
        patch.setattr(model, "_generator_loss", broken)
        with contextlib.suppress(training.OutOfMemoryError):
            assert training.fit(model, data, steps=3).interrupted
    assert not model._drawn  # it held the graph of what G drew, and with it most of the memory
    before = weights()
    assert len(training.fit(model, data, steps=1)) == 1
    assert all(not torch.equal(old, new) for old, new in zip(before, weights(), strict=True))


def test_a_step_teaches_both_players_and_leaves_no_graph():
    model = recipe()
    before = {
        name: [p.detach().clone() for p in getattr(model, name).parameters()] for name in ("generator", "discriminator")
    }
    losses = model.step((torch.randint(256, (16, 1, 28, 28), dtype=torch.uint8), torch.arange(16) % 10))
    for name, weights in before.items():
        pairs = zip(weights, getattr(model, name).parameters(), strict=True)
        assert all(not torch.equal(old, new) for old, new in pairs), name
    assert not any(value.requires_grad for value in losses.values())


@pytest.mark.parametrize(("parts", "drawings"), [(1, [16]), (2, [8, 8, 8, 8])])
def test_in_parts_g_draws_the_same_pictures_again_in_its_own_turn(parts, drawings):
    """The drawings are redone from the same noise, so that no part's graph waits for the others. A batch in one piece is drawn once."""
    model, drawn = recipe(), []
    model.optimizer_step = OptimizerStep(accumulate=parts)
    model.generator.register_forward_hook(lambda module, given, result: drawn.append(result.detach()))
    model.step((torch.randint(256, (16, 1, 28, 28), dtype=torch.uint8), torch.arange(16) % 10))
    assert [len(pictures) for pictures in drawn] == drawings
    for first, again in zip(drawn[:parts], drawn[parts:], strict=False):
        assert torch.equal(first, again)


@pytest.fixture(scope="module")
def lesson():
    """What lesson 01 does, in small: a few seconds of training. (Model, share of the untrained model's digits that are read.)"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_LAB_PROFILE", "ci")
        runtime.seed_everything(0)
        digits = datasets.load("digits")
        model = gan.GanRecipe.for_data(digits)
        before = legible(model)
        training.fit(model, digits, steps=120)
    return model, before


def legible(model):
    wanted = torch.arange(500) % 10
    return classifier.recognised(model.sample(500, wanted, torch.Generator().manual_seed(1)), wanted)


def test_digits_become_legible(lesson):
    model, before = lesson
    assert before < 0.3
    assert legible(model) > 0.85


def test_drawings_of_one_digit_differ(lesson):
    """A generator that draws one perfect 3 for ever is recognised too; people's threes vary, and so must its own."""
    model, _ = lesson
    digits = datasets.load("digits")
    threes = transforms.to_signed(digits.images[digits.labels == 3])
    assert model.sample(200, 3, torch.Generator().manual_seed(1)).var(dim=0).sum() > 0.3 * threes.var(dim=0).sum()

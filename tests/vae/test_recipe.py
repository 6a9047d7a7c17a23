"""The VAE: shapes, errors, what its bound bounds, and that it learns digits."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from aigc_lab import datasets, runtime, training, vae


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")


def recipe(shape=(1, 28, 28), **settings):
    torch.manual_seed(0)
    return vae.VaeRecipe(shape, **({"width": 4, "hidden": 16, "latent": 3} | settings))


def pictures(n, shape=(1, 28, 28)):
    return torch.randint(256, (n, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 8, 12)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("n", [1, 5])
def test_any_shape_any_likelihood(shape, likelihood, n):
    model = recipe(shape, likelihood=likelihood)
    images = pictures(n, shape)
    scalars = model.step((images, torch.zeros(n)))
    assert set(scalars) == {"loss", "reconstruction", "KL"}
    assert all(torch.isfinite(value) and not value.requires_grad for value in scalars.values())
    torch.testing.assert_close(scalars["loss"], scalars["reconstruction"] + scalars["KL"])
    drawn, again = model.sample(7), model.reconstruct(images)
    assert drawn.shape == (7, *shape)
    assert again.shape == images.shape
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    mu, logvar = model.encode(images)
    assert mu.shape == logvar.shape == (n, 3)
    assert model.decode(mu).shape == images.shape
    assert model.bound(vae.binarise(images) if likelihood == "bernoulli" else images).shape == (n,)


def test_for_data_reads_the_shape():
    assert vae.VaeRecipe.for_data(datasets.load("digits"), width=4).shape == (1, 28, 28)
    unlabelled = SimpleNamespace(images=pictures(2, (3, 32, 32)), labels=None)
    assert vae.VaeRecipe.for_data(unlabelled, width=4).shape == (3, 32, 32)
    with pytest.raises(ValueError, match="has none"):
        vae.VaeRecipe.for_data(datasets.load("moby_dick"))
    with pytest.raises(ValueError, match=r"multiples of 4.*30×28"):
        recipe((1, 30, 28))


@pytest.mark.parametrize(
    "settings", [{"likelihood": "poisson"}, {"latent": 0}, {"beta": -1.0}, {"free_bits": -0.1}, {"beta": float("nan")}]
)
def test_settings_out_of_range(settings):
    with pytest.raises(ValueError, match="must be"):
        recipe(**settings)


def test_pictures_out_of_range_are_named():
    model = recipe()
    signed = torch.full((2, 1, 28, 28), -1.0)
    for use in (lambda x: model.step((x,)), model.encode, model.bound, vae.binarise):
        with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
            use(signed)
        with pytest.raises(TypeError, match="uint8 or floating point"):
            use(signed.long())
    with pytest.raises(ValueError, match=r"\(n, 1, 28, 28\) with n >= 1, got \(28, 28\)"):
        model.encode(torch.zeros(28, 28))
    with pytest.raises(ValueError, match=r"got \(0, 1, 28, 28\)"):
        model.bound(torch.zeros(0, 1, 28, 28))
    with pytest.raises(ValueError, match="use binarise"):
        model.bound(torch.full((1, 1, 28, 28), 0.5))
    with pytest.raises(ValueError, match=r"z must be \(n, 3\), got \(2, 4\)"):
        model.decode(torch.zeros(2, 4))
    for call in (lambda: model.sample(0), lambda: model.bound(signed * 0, samples=0)):
        with pytest.raises(ValueError, match="at least 1"):
            call()
    with pytest.raises(ValueError, match="temperature"):
        model.sample(1, temperature=-1.0)


def test_binarise_keeps_the_brightness_on_average_and_black_and_white_as_they_are():
    grey = torch.full((1, 1, 200, 200), 64, dtype=torch.uint8)
    coins = vae.binarise(grey, seed=3)
    assert set(coins.unique().tolist()) == {0.0, 1.0}
    p = 64 / 255
    assert abs(coins.mean().item() - p) < 4 * math.sqrt(p * (1 - p) / 40_000)
    assert torch.equal(coins, vae.binarise(grey, seed=3))
    assert not torch.equal(coins, vae.binarise(grey, seed=4))
    assert torch.equal(vae.binarise(coins), coins)


def test_samples_follow_their_generator_and_at_temperature_0_are_all_the_same():
    model = recipe()
    assert torch.equal(model.sample(4, seeded()), model.sample(4, seeded()))
    assert not torch.equal(model.sample(4, seeded()), model.sample(4, seeded(1)))
    cold = model.sample(3, temperature=0.0)
    torch.testing.assert_close(cold, model.decode(torch.zeros(3, 3)))


def guessing(likelihood="bernoulli"):
    """A model whose posterior is the prior and whose decoder knows nothing."""
    model = recipe(likelihood=likelihood)
    for weights in model.averaged.parameters():
        weights.zero_()
    return model


@pytest.mark.parametrize("samples", [1, 4])
def test_the_bound_of_a_guessing_model_is_known(samples):
    x = vae.binarise(pictures(6))
    bound = guessing().bound(x, samples)
    torch.testing.assert_close(bound, torch.full((6,), -784 * math.log(2)))
    grey = pictures(6)
    expected = Normal(0.5, 1.0).log_prob(grey / 255).flatten(1).sum(1)  # a decoder of σ(0) = 0.5, log σ² = 0
    torch.testing.assert_close(guessing("gaussian").bound(grey, samples), expected)


def test_the_bound_is_below_log_p_and_its_weights_average_to_p():
    """With one latent dimension, log p(x) is an integral over a line, and a fine grid gives it."""
    model = recipe((1, 4, 4), latent=1, learning_rate=0.01)
    share = torch.linspace(-8, 8, 64).sigmoid()[:, None, None, None]
    data = torch.cat([share.expand(64, 1, 2, 4), 1 - share.expand(64, 1, 2, 4)], dim=2)  # bright above or bright below
    for _ in range(150):
        model.step((data,))
    x = vae.binarise(data[::8])
    last = model.averaged.encoder.layers[-1]  # q(z|x) = N(0.3, 1.65): wide, so that a few draws are enough
    last.weight.zero_()
    last.bias.copy_(torch.tensor([0.3, 0.5]))
    z = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        probabilities = Bernoulli(probs=model.decode(z)[:, None].double())
        log_joint = probabilities.log_prob(x.double()).sum((2, 3, 4)) + Normal(0.0, 1.0).log_prob(z.double())
    evidence = log_joint.logsumexp(0) + math.log(16 / 4000)
    one = torch.stack([model.bound(x, 1, seeded(seed)) for seed in range(400)]).double()
    many = torch.stack([model.bound(x, 200, seeded(seed)) for seed in range(25)]).double()
    assert (one.mean(0) < evidence + 4 * one.std(0) / 20).all()
    assert one.mean() < many.mean()
    ratio = (many - evidence).exp()  # importance weights estimate p(x) without bias, so its mean is 1
    assert ((ratio.mean(0) - 1).abs() < 4 * ratio.std(0) / math.sqrt(len(ratio))).all()


def test_the_bound_does_not_depend_on_how_pictures_are_batched():
    model, x = recipe(), vae.binarise(pictures(501))
    assert torch.equal(model.bound(x, 1, seeded())[:500], model.bound(x[:500], 1, seeded()))
    assert torch.equal(model.bound(x, 3, seeded())[:500], model.bound(x[:500], 3, seeded()))


def test_beta_and_free_bits_change_the_loss_and_not_what_is_reported():
    plain, weighted, free = recipe(), recipe(beta=4.0), recipe(free_bits=2.0)
    scalars = []
    for model in (plain, weighted, free):
        torch.manual_seed(5)
        scalars.append(model.step((pictures(8),)))
    for other in scalars[1:]:
        torch.testing.assert_close(other["KL"], scalars[0]["KL"])
        torch.testing.assert_close(other["reconstruction"], scalars[0]["reconstruction"])
    torch.testing.assert_close(scalars[1]["loss"], scalars[0]["reconstruction"] + 4 * scalars[0]["KL"])
    torch.testing.assert_close(scalars[2]["loss"], scalars[0]["reconstruction"] + 6)  # 3 dimensions, 2 nats free each


def test_gradients_flow_to_a_latent_and_not_to_the_averaged_weights():
    model = recipe()
    z = torch.zeros(2, 3, requires_grad=True)
    model.decode(z).sum().backward()
    assert z.grad.abs().sum() > 0
    assert all(weights.grad is None for weights in model.averaged.parameters())


def test_state_travels_to_another_recipe():
    images = pictures(8)
    first, second = recipe(), recipe(learning_rate=1e-5)
    for _ in range(3):
        first.step((images,))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.sample(4, seeded()), second.sample(4, seeded()))
    for model in (first, second):  # the next step is the same too: the optimiser's state came along
        torch.manual_seed(9)
        model.step((images,))
    assert all(torch.equal(a, b) for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True))
    assert first.steps_done == second.steps_done == 4


def test_a_gaussian_decoder_learns_its_noise():
    """Pictures of one colour and a noise of known size: σ must come out."""
    torch.manual_seed(0)
    images = (0.5 + 0.1 * torch.randn(512, 1, 4, 4)).clamp(0, 1)
    model = recipe((1, 4, 4), likelihood="gaussian", learning_rate=0.02, hidden=4, latent=1)
    training.fit(model, images, steps=300)
    assert math.exp(model.averaged.noise_logvar.item() / 2) == pytest.approx(0.1, rel=0.1)


@pytest.fixture(scope="module")
def trained():
    """A few seconds of training, and the 2,000 test digits, binarised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_LAB_PROFILE", "ci")
        runtime.seed_everything(0)
        digits = datasets.load("digits")
        model = vae.VaeRecipe.for_data(digits)
        training.fit(model, digits, steps=400)
    return model, vae.binarise(datasets.load("digits", split="test").images)


def test_the_bound_on_test_digits_after_400_steps(trained):
    model, x = trained
    elbo = model.bound(x, 1, seeded())
    assert -elbo.mean() < 140  # nats; a decoder that knows each pixel's mean only needs about 205
    assert model.bound(x[:200], 8, seeded()).mean() > elbo[:200].mean()


def test_reconstructions_look_like_their_digits(trained):
    model, x = trained
    with torch.no_grad():
        distances = torch.cdist(model.reconstruct(x[:100]).flatten(1), x[:100].flatten(1))
    assert (distances.argmin(dim=1) == torch.arange(100)).double().mean() > 0.9

"""A Gaussian for each class, against the moments and frequencies of the examples it was given."""

import numpy as np

from aigc_lab.distributions import class_gaussians


def test_class_gaussians_draw_the_moments_and_frequencies_that_they_were_given():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [3000, 1000])
    examples = rng.normal(size=(4000, 2)) @ np.array([[1.0, 0.5], [0, 0.7]]) + 5 * labels[:, None]
    drawn, classes = class_gaussians.ClassGaussians(examples, labels).sample(20_000, rng)
    assert abs((classes == 1).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 20_000)
    for c in (0, 1):
        np.testing.assert_allclose(drawn[classes == c].mean(axis=0), examples[labels == c].mean(axis=0), atol=0.06)
        np.testing.assert_allclose(np.cov(drawn[classes == c].T), np.cov(examples[labels == c].T), atol=0.08)


def test_noise_is_taken_off_the_variance():
    rng = np.random.default_rng(1)
    examples = np.zeros((4000, 3))
    examples[:, 0] = 2 * rng.normal(size=4000)
    noisy = examples + 0.5 * rng.normal(size=examples.shape)
    drawn, _ = class_gaussians.ClassGaussians(noisy, np.zeros(4000, dtype=int), noise=0.25).sample(4000, rng)
    np.testing.assert_allclose(drawn.var(axis=0), [4, 0, 0], atol=0.4)

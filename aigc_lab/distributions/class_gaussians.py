"""The smallest generator that draws the class you ask for: one Gaussian per class.

It is fitted in milliseconds, so you can see what each defect of the data does.
"""

import numpy as np


class ClassGaussians:
    r"""One Gaussian per class, :math:`p(x, c) = \pi_c \, N(x;\, \mu_c, \Sigma_c)`.

    The parameters are the share, mean and covariance (divided by n - 1) of each class's examples.

    Args:
        examples: floating point, (n, d).
        labels: class numbers 0..classes-1, (n,); each occurs at least twice.
        noise: variance of known measurement noise, subtracted from each :math:`\Sigma_c` (negative eigenvalues become 0), in squared
            units of the examples.
    """

    def __init__(self, examples: np.ndarray, labels: np.ndarray, noise: float = 0.0) -> None:
        self.shares = np.bincount(labels) / len(labels)  # maximum likelihood: the frequencies
        self.means = np.stack([examples[labels == c].mean(axis=0) for c in range(len(self.shares))])
        self.roots = []  # matrices A with A Aᵀ = Σ
        for c in range(len(self.shares)):
            values, vectors = np.linalg.eigh(np.cov(examples[labels == c].T))
            self.roots.append(vectors * np.sqrt(np.clip(values - noise, 0, None)))

    def sample(
        self, n: int, rng: np.random.Generator, labels: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw n examples.

        Args:
            n: how many.
            rng: source of the draws.
            labels: the class of each, int, (n,); None draws them with the shares of the data.

        Returns:
            Examples (n, d) and their classes (n,).
        """
        if labels is None:
            labels = rng.choice(len(self.shares), n, p=self.shares)
        examples = self.means[labels].copy()
        for c, root in enumerate(self.roots):
            who = labels == c
            examples[who] += rng.normal(size=(who.sum(), root.shape[1])) @ root.T
        return examples, labels

"""Distributions that you can compute with: how far apart two are, and the smallest generators. Lessons 12, 13, 21.

- `divergences`: KL, JS, Wasserstein
- `gaussian_mixture`: a mixture of Gaussians, fitted by EM
- `class_gaussians`: one Gaussian per class
- `pictures`: densities and divergences, drawn
"""

__all__ = ["class_gaussians", "divergences", "gaussian_mixture", "pictures"]

"""Controlling generation: ways to get from a trained generator what you want, without training it again. Lesson 35.

- `sampling`: truncation, Langevin steps, rejection
- `directions`: what a step in a code changes
- `interpolation`: straight and spherical paths between codes
- `classifier_guidance`: codes for which a classifier sees the class
- `pictures`: what guidance without a prior does, all knobs on one picture
"""

__all__ = ["classifier_guidance", "directions", "interpolation", "pictures", "sampling"]

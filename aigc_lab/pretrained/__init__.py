"""Weights trained by scripts of the course: `pretrained.load`, `pretrained.info`.

- `weights`: the tensors, and where they came from
- `classifier`: the CNN that judges pictures
"""

from aigc_lab.pretrained.weights import available, info, load

__all__ = ["available", "classifier", "info", "load", "weights"]

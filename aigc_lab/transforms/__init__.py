"""Pixels scaled to the ranges that networks like and back, and pictures changed at random.

- `ranges`: to_unit, to_signed and back
- `augmentation`: mirrored, moved, turned
"""

from aigc_lab.transforms.augmentation import augment
from aigc_lab.transforms.ranges import from_signed, from_unit, to_signed, to_unit

__all__ = ["augment", "augmentation", "from_signed", "from_unit", "ranges", "to_signed", "to_unit"]

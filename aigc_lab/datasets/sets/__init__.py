"""What is embedded: for each set how it is read, what its classes are called, its licence and where it comes from.

- `images`
- `texts`
"""

from aigc_lab.datasets.sets import images, texts

SETS = images.SETS | texts.SETS

__all__ = ["SETS", "images", "texts"]

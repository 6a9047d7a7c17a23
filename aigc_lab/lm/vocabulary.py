"""Characters as numbers, and texts with a mark where they begin and end."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

START = "\n\n"  # what stands before a text begins: a blank line


UNKNOWN = "□"


class Vocabulary:
    """The characters of a corpus, numbered; one more number stands for every character that the corpus does not have."""

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = [UNKNOWN, *sorted(set(characters) - {UNKNOWN})]
        self.index = {c: i for i, c in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, written: str) -> Tensor:
        """A string of n characters -> int64 (n,); characters outside the vocabulary become 0."""
        return torch.tensor([self.index.get(c, 0) for c in written], dtype=torch.int64)

    def decode(self, tokens: Sequence[int] | Tensor) -> str:
        """Numbers -> the string; 0 is written as □."""
        return "".join(self.characters[int(i)] for i in tokens)


def documents(texts: Sequence[str]) -> list[str]:
    """Texts (chapters, poems) with exactly one blank line at the end of each, so that a model also learns where they stop."""
    return [one.rstrip("\n") + START for one in texts]

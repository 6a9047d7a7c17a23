"""`aigc-lab data`: which data sets there are, how large, under which licence; fetch a full one ahead of time."""

import os
from collections.abc import Callable

from aigc_lab.commands.course import CourseError


def show_sets() -> None:
    """Two tables: what is embedded, and what can be downloaded."""
    from rich.console import Console
    from rich.table import Table

    from aigc_lab import datasets
    from aigc_lab.datasets import embedded, originals

    console = Console()
    inside = Table("embedded", "train", "test", "size", "licence", box=None, pad_edge=False)
    files = list(datasets.data_path().iterdir())
    for name in datasets.available():
        if name in datasets.DOWNLOAD_ONLY:
            continue
        train, test = (datasets.load(name, split) for split in embedded.SPLITS)
        size = sum(file.stat().st_size for file in files if file.name.split(".")[0] == name and file.suffix != ".md")
        inside.add_row(name, f"{len(train):,}", f"{len(test):,}", megabytes(size), train.license)
    console.print(inside)
    console.print()
    full = Table("download", "size", "in cache", "licence", box=None, pad_edge=False)
    for name in originals.SETS:
        needed = files_of(name)
        there = all(is_here(name, file) for file in needed)
        facts = originals.ABOUT.get(name)
        licence = facts["license"] if facts else "as above"
        full.add_row(name, megabytes(sum(file.size for file in needed)), "yes" if there else "no", licence)
    console.print(full)
    console.print("\n`aigc-lab data fetch NAME` downloads one; each set's datasheet is data/NAME.md.", highlight=False)


def is_here(name: str, file) -> bool:
    """Whether a file of a set is in the cache."""
    from aigc_lab.datasets import downloads

    try:
        return os.path.isfile(downloads.cache_folder() / name / file.name)  # False, too, where the folder can't be read
    except downloads.Unavailable:
        return False


def files_of(name: str) -> list:
    """The files that a download consists of, each once."""
    from aigc_lab.datasets import originals

    by_split, _ = originals.SETS[name]
    return list(dict.fromkeys(file for files in by_split.values() for file in files))


def fetch(name: str, say: Callable[[str], None] = print) -> None:
    """Download a set into the cache, and check it.

    Raises:
        CourseError: no such set, or it can't be downloaded now; the text says why.
    """
    from aigc_lab.datasets import downloads, originals

    if name not in originals.SETS:
        raise CourseError(f"nothing to fetch under {name!r}; there are: {', '.join(originals.SETS)}.")
    try:
        folder = downloads.cache_folder() / name
        for file in files_of(name):
            downloads.fetch(file, folder)
    except downloads.Unavailable as reason:
        raise CourseError(str(reason)) from None
    say(f"{name} is in {folder}")


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

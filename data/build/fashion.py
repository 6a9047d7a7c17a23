"""Build data/fashion.npz: 10,000 pictures of Fashion-MNIST, 28×28, 1,000 a class.

Run `python data/build/fashion.py` (needs apt-get and dpkg-deb). Source: Debian package dataset-fashion-mnist 0.0~git20200523.55506a9-1.
"""

import gzip
import hashlib

import common
import numpy as np

PACKAGE = "dataset-fashion-mnist"
COUNTS = {"train": 800, "test": 200}  # of each class
ORIGINAL = {"train": "train", "test": "t10k"}
# When the original files were packed (seconds since 1970), and the md5 sums that Zalando publishes for them.
PUBLISHED = {
    "train-images-idx3-ubyte": (1504176606, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "train-labels-idx1-ubyte": (1504176606, "25c81989df183df01b3e8a0aad5dffbe"),
    "t10k-images-idx3-ubyte": (1504176627, "bef4ecab320f06d8554ea6380940ec79"),
    "t10k-labels-idx1-ubyte": (1504176627, "bb300cfdad3c16e7a12a480ee83cd310"),
}


def is_original(name: str, packed: bytes) -> bool:
    """Whether the Debian file is the published one except for the header that gzip wrote, which holds a name and a time."""
    time, md5 = PUBLISHED[name]
    header = b"\x1f\x8b\x08\x08" + time.to_bytes(4, "little") + b"\x00\x03" + name.encode() + b"\x00"
    return hashlib.md5(header + packed[10:]).hexdigest() == md5  # Debian's header has 10 bytes


def read_idx(content: bytes) -> np.ndarray:
    """An array in the IDX format: two zeros, type (8 is uint8), number of axes, sizes (big-endian), values."""
    kind, axes = content[2], content[3]
    assert kind == 8, f"type {kind:#x} is not uint8"
    sizes = np.frombuffer(content, ">u4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def main() -> None:
    version, files = common.deb_files(PACKAGE, "ubyte.gz")
    print(f"{PACKAGE} {version}")
    changed = [name for name in PUBLISHED if not is_original(name, files[f"{name}.gz"])]
    if changed:
        raise SystemExit(f"the md5 sums of these files aren't those that Zalando published: {', '.join(changed)}")
    arrays = {}
    for part, stem in ORIGINAL.items():
        pictures = read_idx(gzip.decompress(files[f"{stem}-images-idx3-ubyte.gz"]))[:, None]
        labels = read_idx(gzip.decompress(files[f"{stem}-labels-idx1-ubyte.gz"]))
        keys = [common.fingerprint(picture) for picture in pictures]
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__))
        first = np.concatenate([order[labels[order] == label][: COUNTS[part]] for label in range(10)])
        chosen = first[common.shuffled([keys[i] for i in first])]
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = pictures[chosen], labels[chosen]
    common.write_npz("fashion", arrays)


if __name__ == "__main__":
    main()

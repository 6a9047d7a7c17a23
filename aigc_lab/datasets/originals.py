"""The full originals of the embedded sets, and sets that exist only as downloads: their addresses, checksums and formats.

Where the checksums come from (sizes are those of the same files):

- MNIST, Fashion-MNIST, Oxford Pets: the md5 sums that torchvision publishes in `torchvision/datasets/{mnist,oxford_iiit_pet}.py`;
  Zalando publishes the same ones for Fashion-MNIST in the README of zalandoresearch/fashion-mnist.
- QuickDraw: Google publishes none. These sha256 sums are as other libraries record them; the sizes of the two files are
  right for 123,202 and 152,159 pictures of 784 bytes and a header of 80. For the first 1,000 pictures of each no sum is published:
  the length of the file at the server and its header are checked instead.

md5 finds broken and mixed-up files; it would not stop a forger. Fashion-MNIST's first server speaks plain HTTP.
"""

import gzip
import io
import re
import struct
import tarfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from tqdm.auto import tqdm

from aigc_lab.datasets.downloads import File, Unavailable, cache_folder, fetch

PETS_SIZE = 64  # pixels a side: the middle square of a photograph, scaled
SPLITS = ("train", "test")
HEADER, PART = 80, 80 + 1_000 * 784  # bytes of the drawings' files: the header; header and the first 1,000 pictures


def load_full(name: str, split: str) -> dict:
    """One split of a full set, from the cache or fetched into it.

    Args:
        name: "digits" (MNIST, 60,000 + 10,000), "fashion" (Fashion-MNIST, same), "quickdraw_cats_dogs" (275,361 drawings, 216 MB,
            every tenth is for testing), "quickdraw_2000" (the first 1,000 cats and 1,000 dogs of these, 1.6 MB, every fifth is for testing) or
            "pets" (7,390 photographs of 37 breeds, 792 MB; scaled to 64×64 while the archive is
            read, nothing is unpacked; those whose number ends in 0 are for testing).
        split: "train" or "test".

    Returns:
        images: uint8 tensor (n, c, h, w); labels: int64 tensor (n,); names: the classes, where the set is not embedded.

    Raises:
        Unavailable: offline, gone from all mirrors, wrong checksum, or no permission to write; the text says which.
        ValueError: no such set or split.
    """
    if name not in SETS or split not in SPLITS:
        raise ValueError(f"no full set {name!r}, split {split!r}; sets: {', '.join(SETS)}; splits: {', '.join(SPLITS)}")
    files, read = SETS[name]
    needed = files.get(split) or files["both"]
    return read([fetch(file, cache_folder() / name) for file in needed], split)


def read_idx(path: Path) -> torch.Tensor:
    """The uint8 array of a gzipped IDX file: zeros, type 8, number of axes, their lengths (big-endian), the values.

    Raises:
        ValueError: the file holds something other than bytes in the IDX format.
    """
    content = gzip.decompress(path.read_bytes())
    zeros, kind, axes = struct.unpack_from(">HBB", content)
    if (zeros, kind) != (0, 8):
        raise ValueError(f"{path.name} is no IDX file of bytes: it begins with {content[:4].hex()}")
    shape = struct.unpack_from(f">{axes}I", content, 4)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy())


def _read_mnist(paths: list[Path], _split: str) -> dict:
    images, labels = map(read_idx, paths)
    return {"images": images.unsqueeze(1), "labels": labels.long()}


def _read_drawings(paths: list[Path], split: str) -> dict:
    images, labels = [], []
    for label, path in enumerate(paths):
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        for_test = np.arange(len(pictures)) % 10 == 9
        images.append(torch.from_numpy(pictures[for_test == (split == "test")]).view(-1, 1, 28, 28))
        labels.append(torch.full((len(images[-1]),), label))
    return {"images": torch.cat(images), "labels": torch.cat(labels), "names": ["cat", "dog"]}


def _read_first_drawings(paths: list[Path], split: str) -> dict:
    """As `_read_drawings`, from the first `PART` bytes of each file; its header still counts all pictures of the whole file."""
    images = []
    for path, whole in zip(paths, _DRAWINGS, strict=True):
        content = io.BytesIO(path.read_bytes())
        try:
            version = np.lib.format.read_magic(content)
            shape, by_column, dtype = np.lib.format.read_array_header_1_0(content)
        except ValueError:
            version, shape, by_column, dtype = None, None, None, None
        expected = ((1, 0), ((whole.size - HEADER) // 784, 784), False, np.uint8)
        if (version, shape, by_column, dtype) != expected or len(path.read_bytes()) != PART:
            raise Unavailable(f"{path} doesn't hold the drawings: delete it and try again")
        pictures = np.frombuffer(content.read(), np.uint8).reshape(-1, 1, 28, 28)
        for_test = np.arange(len(pictures)) % 5 == 4
        images.append(torch.from_numpy(pictures[for_test == (split == "test")]))
    labels = torch.arange(2).repeat_interleave(torch.tensor([len(part) for part in images]))
    return {"images": torch.cat(images), "labels": labels, "names": ["cat", "dog"]}


def _read_pets(paths: list[Path], split: str) -> dict:
    images, breeds, names = [], [], set()
    with tarfile.open(paths[0]) as archive:
        for member in tqdm(archive, desc="reading pets", unit=" files", leave=False):
            match = re.fullmatch(r"(?:.*/)?(\w+)_(\d+)\.jpg", member.name)
            if not match or not member.isfile() or Path(member.name).name.startswith("."):
                continue
            names.add(match[1])
            if (int(match[2]) % 10 == 0) == (split == "test"):
                images.append(_square(archive.extractfile(member).read()))
                breeds.append(match[1])
    names = sorted(names, key=str.lower)
    labels = torch.tensor([names.index(breed) for breed in breeds], dtype=torch.int64)
    return {"images": torch.stack(images), "labels": labels, "names": [name.replace("_", " ") for name in names]}


def _square(encoded: bytes) -> torch.Tensor:
    with Image.open(io.BytesIO(encoded)) as picture:
        picture.draft("RGB", (2 * PETS_SIZE, 2 * PETS_SIZE))  # lets the JPEG decoder skip detail: several times faster
        small = ImageOps.fit(picture.convert("RGB"), (PETS_SIZE, PETS_SIZE), method=Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1).contiguous()


def _idx_files(mirrors: list[str], facts: dict[str, list[tuple[str, int]]]) -> dict[str, list[File]]:
    """The images and labels of both splits, under the names that MNIST gave them."""
    stems = {"train": "train", "test": "t10k"}
    kinds = ["images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"]
    return {
        split: [
            File(name := f"{stems[split]}-{kind}", tuple(m + name for m in mirrors), f"md5:{md5}", size)
            for kind, (md5, size) in zip(kinds, facts[split], strict=True)
        ]
        for split in SPLITS
    }


_MNIST = _idx_files(
    ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
    {
        "train": [("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422), ("d53e105ee54ea40749a09fcbcd1e9432", 28_881)],
        "test": [("9fb629c4189551a2d022fa330f9573f3", 1_648_877), ("ec29112dd5afa0611ce80d1b7f02629c", 4_542)],
    },
)


_FASHION = _idx_files(
    [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
    {
        "train": [("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880), ("25c81989df183df01b3e8a0aad5dffbe", 29_515)],
        "test": [("bef4ecab320f06d8554ea6380940ec79", 4_422_102), ("bb300cfdad3c16e7a12a480ee83cd310", 5_148)],
    },
)


_BITMAPS = "https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/"


_CATS = "sha256:21a281839d3f2eef601d57d2338a4eafdf24649f8d0a0e42d3ec3e595911463e"


_DOGS = "sha256:72f95508d440976a075e7098557647bbdeaea7a06c63889215c5b87fbf82ea2c"


_DRAWINGS = [
    File("cat.npy", (_BITMAPS + "cat.npy",), _CATS, 96_590_448),
    File("dog.npy", (_BITMAPS + "dog.npy",), _DOGS, 119_292_736),
]


_FIRST_DRAWINGS = [File(f"{file.name}.start", file.urls, None, PART, whole=file.size) for file in _DRAWINGS]


_PETS = File(
    "images.tar.gz",
    (
        "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
        "https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
    ),
    "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c",
    791_918_971,
)


SETS = {
    "digits": (_MNIST, _read_mnist),
    "fashion": (_FASHION, _read_mnist),
    "quickdraw_cats_dogs": ({"both": _DRAWINGS}, _read_drawings),
    "quickdraw_2000": ({"both": _FIRST_DRAWINGS}, _read_first_drawings),
    "pets": ({"both": [_PETS]}, _read_pets),
}


_QUICKDRAW = {
    "license": "CC BY 4.0",
    "source": "The Quick, Draw! Dataset, Google; github.com/googlecreativelab/quickdraw-dataset",
}


ABOUT = {  # of the sets that exist only as downloads
    "quickdraw_cats_dogs": _QUICKDRAW,
    "quickdraw_2000": _QUICKDRAW,
    "pets": {"license": "CC BY-SA 4.0", "source": "Oxford-IIIT Pet, Parkhi, Vedaldi, Zisserman and Jawahar 2012"},
}

"""What can be downloaded: the real addresses, and the sets that exist only as downloads, as small files served on 127.0.0.1."""

import hashlib
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from aigc_lab import datasets
from aigc_lab.datasets import downloads, originals

from misbehaving_server import Server


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.stop()


def test_drawings(server, monkeypatch):
    rng = np.random.default_rng(1)
    drawings = [rng.integers(0, 256, (n, 784), dtype=np.uint8) for n in (25, 13)]
    files = []
    for name, array in zip(["cat.npy", "dog.npy"], drawings, strict=True):
        np.save(buffer := io.BytesIO(), array)
        body = server.content["/" + name] = buffer.getvalue()
        checksum = "sha256:" + hashlib.sha256(body).hexdigest()
        files.append(downloads.File(name, (f"{server.url}/{name}",), checksum, len(body)))
    monkeypatch.setitem(originals.SETS, "quickdraw_cats_dogs", ({"both": files}, originals._read_drawings))
    parts = {split: originals.load_full("quickdraw_cats_dogs", split) for split in ("train", "test")}
    tenth = [array[9::10] for array in drawings]
    np.testing.assert_array_equal(parts["test"]["images"].numpy().reshape(-1, 784), np.concatenate(tenth))
    others = [np.delete(array, np.s_[9::10], axis=0) for array in drawings]
    np.testing.assert_array_equal(parts["train"]["images"].numpy().reshape(-1, 784), np.concatenate(others))
    assert parts["train"]["labels"].tolist() == [0] * 23 + [1] * 12
    assert parts["test"]["names"] == ["cat", "dog"]
    assert parts["train"]["images"].shape == (35, 1, 28, 28)


def offer_drawings(server, monkeypatch):
    """Files like QuickDraw's, 1,300 cats and 1,100 dogs, of which the first 1,000 are asked for."""
    rng = np.random.default_rng(2)
    drawings = [rng.integers(0, 256, (n, 784), dtype=np.uint8) for n in (1300, 1100)]
    wholes = []
    for name, array in zip(["cat.npy", "dog.npy"], drawings, strict=True):
        # NumPy pads its header to a multiple of 64 today; when these files were made, to one of 16: 80 bytes
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {array.shape}, }}".ljust(69) + "\n"
        body = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + array.tobytes()
        np.testing.assert_array_equal(np.load(io.BytesIO(body)), array)
        server.content["/" + name], server.plan["/" + name] = body, ["part"]
        wholes.append(downloads.File(name, (f"{server.url}/{name}",), None, len(body)))
    parts = [downloads.File(f"{f.name}.start", f.urls, None, originals.PART, whole=f.size) for f in wholes]
    monkeypatch.setattr(originals, "_DRAWINGS", wholes)
    monkeypatch.setitem(originals.SETS, "quickdraw_2000", ({"both": parts}, originals.SETS["quickdraw_2000"][1]))
    monkeypatch.setattr(downloads, "BACKOFF", 0.01)
    return drawings


def test_the_first_thousand_drawings_of_each_kind(server, monkeypatch):
    drawings = offer_drawings(server, monkeypatch)
    server.plan["/dog.npy"] = ["cut_part", "part"]
    train, test = (datasets.load("quickdraw_2000", split) for split in ("train", "test"))
    first = [array[:1000] for array in drawings]
    np.testing.assert_array_equal(test.images.numpy().reshape(-1, 784), np.concatenate([a[4::5] for a in first]))
    others = np.concatenate([np.delete(a, np.s_[4::5], axis=0) for a in first])
    np.testing.assert_array_equal(train.images.numpy().reshape(-1, 784), others)
    assert train.labels.tolist() == [0] * 800 + [1] * 800
    assert (test.names, test.license) == (["cat", "dog"], "CC BY 4.0")
    half = originals.PART // 2
    assert server.seen == [
        ("/cat.npy", f"bytes=0-{originals.PART - 1}"),
        ("/dog.npy", f"bytes=0-{originals.PART - 1}"),
        ("/dog.npy", f"bytes={half}-{originals.PART - 1}"),
    ]


@pytest.mark.parametrize("behaviour", ["good", "404", "login"])
def test_a_server_that_sends_no_part_is_refused(server, monkeypatch, behaviour):
    offer_drawings(server, monkeypatch)
    server.plan["/cat.npy"] = [behaviour]
    with pytest.raises(downloads.Unavailable, match=r"cat\.npy\.start: 127\.0\.0\.1"):
        datasets.load("quickdraw_2000")


def test_another_file_at_the_drawings_address_is_refused(server, monkeypatch):
    offer_drawings(server, monkeypatch)
    server.content["/dog.npy"] = bytes(len(server.content["/dog.npy"]))  # right length, no header
    with pytest.raises(downloads.Unavailable, match="delete it"):
        datasets.load("quickdraw_2000")
    server.content["/cat.npy"] += b"more"
    (downloads.cache_folder() / "quickdraw_2000" / "cat.npy.start").unlink()
    with pytest.raises(downloads.Unavailable, match="another file"):
        datasets.load("quickdraw_2000")


def test_pets(server, monkeypatch):
    """A red, a green and a blue breed on a wide white ground: the middle square keeps the colour, the edges go."""
    colours = {"Abyssinian": (200, 30, 30), "great_pyrenees": (30, 200, 30), "Russian_Blue": (30, 30, 200)}
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w:gz") as archive:
        for breed, colour in colours.items():
            for number in (1, 2, 10):
                picture = Image.new("RGB", (900, 300), "white")
                picture.paste(colour, (300, 0, 600, 300))
                picture.save(encoded := io.BytesIO(), "PNG" if number == 2 else "JPEG")  # some real ones are PNG, too
                add(archive, f"images/{breed}_{number}.jpg", encoded.getvalue())
        add(archive, "images/Abyssinian_101.mat", b"not a picture")
        add(archive, "images/._Abyssinian_1.jpg", b"left by a Mac")
    body = server.content["/images.tar.gz"] = buffer.getvalue()
    checksum = "md5:" + hashlib.md5(body).hexdigest()
    file = downloads.File("images.tar.gz", (server.url + "/images.tar.gz",), checksum, len(body))
    monkeypatch.setitem(originals.SETS, "pets", ({"both": [file]}, originals._read_pets))
    train, test = (originals.load_full("pets", split) for split in ("train", "test"))
    assert train["names"] == test["names"] == ["Abyssinian", "great pyrenees", "Russian Blue"]
    assert (train["images"].shape, test["images"].shape) == ((6, 3, 64, 64), (3, 3, 64, 64))
    assert (train["labels"].tolist(), test["labels"].tolist()) == ([0, 0, 1, 1, 2, 2], [0, 1, 2])
    for part in (train, test):
        for image, label in zip(part["images"], part["labels"], strict=True):
            mean = image.float().mean((1, 2)).numpy()
            np.testing.assert_allclose(mean, list(colours.values())[label], atol=6)


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def test_unknown_names_say_what_there_is():
    with pytest.raises(ValueError, match="quickdraw_cats_dogs"):
        originals.load_full("mnsit", "train")
    with pytest.raises(ValueError, match="train, test"):
        originals.load_full("digits", "validation")


def test_the_real_addresses_are_complete():
    """Every file has an address, a checksum of a known kind and a size; images of 784 bytes fill the drawings' files."""
    files = [f for parts, _ in originals.SETS.values() for part in parts.values() for f in part]
    parts = [file for file in files if file.whole]
    assert len(files) == 4 + 4 + 2 + 2 + 1
    drawings = originals.SETS["quickdraw_cats_dogs"][0]["both"]
    assert [(p.urls, p.whole) for p in parts] == [(file.urls, file.size) for file in drawings]
    assert [p.size for p in parts] == [784_080] * 2  # bytes 0 to 784,079
    files = [file for file in files if not file.whole]
    for file in files:
        kind, digest = file.checksum.split(":")
        assert len(bytes.fromhex(digest)) == hashlib.new(kind).digest_size
        assert file.size > 0
        assert all(url.startswith("http") and url.endswith(file.name) for url in file.urls)
    assert len({file.checksum for file in files}) == len(files)
    assert [(file.size - 80) % 784 for file in drawings] == [0, 0]
    assert sum((file.size - 80) // 784 for file in drawings) == 275_361

"""Embedded pictures: counts as published, upright, labels and captions that belong to them."""

import re

import numpy as np
import pytest
import torch

from aigc_lab import datasets
from aigc_lab.datasets import embedded

PICTURES = ("digits", "fashion", "cats_dogs", "emoji", "photos", "digits_8x8")
TEXTS = ("quatrains", "moby_dick", "mails")
# Class counts over both splits, as found in the packages before any script of ours touched them; for Fashion-MNIST by choice.
COUNTS = {
    "digits": [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978],
    "fashion": [1000] * 10,
    "cats_dogs": [1000, 1000],
    "digits_8x8": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],  # scikit-learn's documentation: about 180 a class
}
SHAPES = {
    "digits": (8000, 2000, (1, 28, 28)),
    "fashion": (8000, 2000, (1, 28, 28)),
    "cats_dogs": (1600, 400, (1, 28, 28)),
    "emoji": (1484, 160, (3, 32, 32)),
    "photos": (199, 44, (3, 64, 64)),
    "digits_8x8": (1437, 360, (1, 8, 8)),
}


@pytest.fixture(scope="module")
def sets():
    return {(name, split): datasets.load(name, split) for name in datasets.available() for split in embedded.SPLITS}


def pixels(dataset) -> list[bytes]:
    return [image.numpy().tobytes() for image in dataset.images]


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_the_stated_form(sets, name):
    *sizes, shape = SHAPES[name]
    for split, size in zip(embedded.SPLITS, sizes, strict=True):
        data = sets[name, split]
        assert data.images.shape == (size, *shape)
        assert data.images.dtype == torch.uint8
        assert data.images.is_contiguous()
        assert data.labels.dtype == torch.int64
        assert len(data) == len(data.labels) == size
        assert set(data.labels.tolist()) <= set(range(len(data.names)))


@pytest.mark.parametrize("name", COUNTS)
def test_classes_count_as_in_the_source(sets, name):
    train, test = sets[name, "train"].labels, sets[name, "test"].labels
    assert torch.cat([train, test]).bincount().tolist() == COUNTS[name]
    share = len(test) / (len(train) + len(test))
    assert test.bincount().tolist() == pytest.approx([share * n for n in COUNTS[name]], abs=1)


def test_repeated_pictures_are_the_known_ones(sets):
    repeats = {name: len(sets[name, "train"]) - len(set(pixels(sets[name, "train"]))) for name in PICTURES}
    assert repeats == {"digits": 0, "fashion": 0, "cats_dogs": 8 + 3, "emoji": 27, "photos": 0, "digits_8x8": 0}
    assert all(len(set(pixels(sets[name, "test"]))) == len(sets[name, "test"]) for name in PICTURES)


@pytest.mark.parametrize("name", ["digits", "fashion", "cats_dogs", "digits_8x8", "emoji"])
@pytest.mark.parametrize("part", [slice(0, 100), slice(-100, None)])
def test_any_stretch_of_a_set_is_mixed(sets, name, part):
    labels = sets[name, "train"].labels
    expected = labels.bincount() / len(labels)
    found = labels[part].bincount(minlength=len(expected)) / 100
    assert (found - expected).abs().max() < 5 * (expected * (1 - expected) / 100).sqrt().max()


@pytest.mark.parametrize(
    ("name", "least"), [("digits", 0.92), ("fashion", 0.75), ("cats_dogs", 0.9), ("digits_8x8", 0.97)]
)
def test_labels_belong_to_their_pictures(sets, name, least):
    """The nearest train picture has the test picture's label about as often as published for the whole sets (MNIST 0.97, Fashion 0.85)."""
    train, test = sets[name, "train"], sets[name, "test"]
    distance = torch.cdist(test.images[:300].flatten(1).float(), train.images.flatten(1).float())
    assert (train.labels[distance.argmin(1)] == test.labels[:300]).float().mean() > least


def test_pictures_are_upright_and_bright_on_black(sets):
    digits, cats = sets["digits", "train"], sets["cats_dogs", "train"]
    ink = {d: digits.images[digits.labels == d].float().mean((0, 1, 3)) for d in (6, 7)}
    assert ink[7][:14].sum() > 0.5 * ink[7].sum()  # the bar of a seven is on top
    assert ink[6][14:].sum() > 0.55 * ink[6].sum()  # the bowl of a six is below
    assert cats.images[:, :, 21].float().mean() > cats.images[:, :, 6].float().mean()
    for data in (digits, cats, sets["fashion", "train"]):
        assert data.images[:, :, 0, 0].float().mean() < 32 < 200 < data.images.max()


def test_small_digits_are_those_of_scikit_learn(sets):
    from sklearn.datasets import load_digits

    theirs = load_digits()
    pairs = zip(theirs.images.astype(np.uint8), theirs.target.tolist(), strict=True)
    expected = sorted((image.tobytes(), label) for image, label in pairs)
    found = []
    for split in embedded.SPLITS:
        data = sets["digits_8x8", split]
        back = (data.images.float() * 16 / 255).round().byte()
        found += [(image.numpy().tobytes(), int(label)) for image, label in zip(back, data.labels, strict=True)]
    assert sorted(found) == expected


def test_photos_come_from_where_they_say(sets):
    skimage = pytest.importorskip("skimage", reason="scikit-image holds the picture to compare with")
    from skimage.transform import resize

    data = sets["photos", "train"]
    whole = resize(skimage.data.astronaut(), (384, 384), anti_aliasing=True)
    pieces = [i for i, origin in enumerate(data.origins) if origin.startswith("astronaut")]
    assert len(pieces) == 36
    for i in pieces:
        row, column = map(int, re.findall(r"\d+", data.origins[i]))
        expected = whole[(row - 1) * 64 : row * 64, (column - 1) * 64 : column * 64].transpose(2, 0, 1)
        assert np.abs(data.images[i].numpy() / 255 - expected).mean() < 0.02
        assert data.names[data.labels[i]] == "astronaut"


def test_photos_are_tested_on_pictures_never_seen(sets):
    assert not set(sets["photos", "train"].labels.tolist()) & set(sets["photos", "test"].labels.tolist())


def emoji(sets, caption: str):
    for split in embedded.SPLITS:
        data = sets["emoji", split]
        if caption in data.captions_en:
            i = data.captions_en.index(caption)
            return data.images[i].float(), data.captions_zh[i], data.names[data.labels[i]]
    raise AssertionError(f"no emoji {caption!r}")


@pytest.mark.parametrize(
    ("caption", "chinese", "looks_so"),
    [
        ("red circle", "红", lambda r, g, b: r > g + 100 and r > b + 100),
        ("green circle", "绿", lambda r, g, b: g > r > b + 50),
        ("yellow circle", "黄", lambda r, g, b: min(r, g) > b + 100),
        ("blue square", "蓝", lambda r, g, b: b > g > r + 50),
    ],
)
def test_emoji_captions_name_the_colour_seen(sets, caption, chinese, looks_so):
    image, in_chinese, group = emoji(sets, caption)
    assert looks_so(*image[:, 12:20, 12:20].mean((1, 2)).tolist())
    assert chinese in in_chinese
    assert group == "symbols"


def test_emoji_stand_upright_on_white(sets):
    rows = torch.arange(32.0)[:, None]
    height = {way: ((255 - emoji(sets, f"{way} arrow")[0].mean(0)) * rows).sum() for way in ("up", "down")}
    ink = {way: (255 - emoji(sets, f"{way} arrow")[0].mean(0)).sum() for way in ("up", "down")}
    assert height["up"] / ink["up"] < 15.5 < height["down"] / ink["down"]  # the head of an arrow is its heavy end
    assert (sets["emoji", "train"].images[:, :, 0, 0] == 255).float().mean() > 0.95


def test_emoji_have_both_captions_and_tags(sets):
    for split in embedded.SPLITS:
        data = sets["emoji", split]
        assert len(data.captions_en) == len(data.captions_zh) == len(data.tags) == len(data.origins) == len(data)
        assert all(data.captions_en)
        assert all(data.captions_zh)
        chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in caption) for caption in data.captions_zh)
        assert chinese > 0.95 * len(data)
        for code, caption in zip(data.origins, data.captions_en, strict=True):
            assert re.fullmatch(r"[0-9A-F]{4,5}(-[0-9A-F]{4,5})*", code), caption

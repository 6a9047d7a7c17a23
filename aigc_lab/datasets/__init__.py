"""The course's data: `datasets.load(name)`.

- `dataset`: what a loaded set holds
- `embedded`: small real data sets inside the package: `load`
- `sets`: what is embedded
- `paths`: where the files lie
- `originals`: the full sets: addresses, checksums, formats
- `downloads`: files fetched once and checked each time
- `connection`: the way out to the network, through the proxy and with the certificates that the machine names
"""

from aigc_lab.datasets.dataset import Dataset
from aigc_lab.datasets.embedded import DOWNLOAD_ONLY, available, load
from aigc_lab.datasets.paths import data_path

__all__ = [
    "DOWNLOAD_ONLY",
    "Dataset",
    "available",
    "connection",
    "data_path",
    "dataset",
    "downloads",
    "embedded",
    "load",
    "originals",
    "paths",
    "sets",
]

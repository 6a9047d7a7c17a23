"""The course's data: `datasets.load(name)`.

- `embedded`: small real data sets inside the package
- `originals`: the full sets: addresses, checksums, formats
- `downloads`: files fetched once and checked each time
- `connection`: the way out to the network, through the proxy and with the certificates that the machine names
"""

from aigc_lab.datasets.embedded import DOWNLOAD_ONLY, Dataset, available, data_path, load

__all__ = [
    "DOWNLOAD_ONLY",
    "Dataset",
    "available",
    "connection",
    "data_path",
    "downloads",
    "embedded",
    "load",
    "originals",
]

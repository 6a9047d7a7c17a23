"""The script that compares notebooks lists what differs, and only that; tried on notebooks made for the test."""

import base64
import io

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

import compare_notebooks


def picture(grey: int, alt: str) -> dict:
    buffer = io.BytesIO()
    Image.new("L", (4, 3), grey).save(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"text/html": f'<img src="data:image/png;base64,{data}" alt="{alt}">', "text/plain": alt}


def notebook(folder, *cells, name: str = "01.ipynb"):
    """A notebook whose cells print strings and show pictures."""
    made = []
    for outputs in cells:
        made.append(new_code_cell("pass"))
        for one in outputs:
            stream = isinstance(one, str)
            made[-1].outputs.append(new_output("stream", text=one) if stream else new_output("display_data", data=one))
    folder.mkdir(exist_ok=True)
    write(new_notebook(cells=made), folder / name)
    return folder


def test_cells_alternative_texts_and_times_do_not_matter(tmp_path, capsys):
    old = notebook(tmp_path / "old", ["loss 0.5\n", "took 3.2 s, 40 steps\n", picture(9, "nine")])
    new = notebook(tmp_path / "new", ["loss 0.5\n"], ["took 12 s, 40 steps\n"], [picture(9, "a grey square")])
    assert compare_notebooks.main(old, new) == 0
    assert "01.ipynb: 0 difference(s), 3 lines and pictures" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changed",
    [["loss 0.6\n", "40 steps\n", picture(9, "a")], ["loss 0.5\n", "40 steps\n", picture(8, "a")], ["loss 0.5\n", "40 steps\n"]],
    ids=["a number", "one level of grey", "a picture lost"],
)  # fmt: skip
def test_a_number_a_pixel_and_a_lost_picture_are_listed(tmp_path, changed):
    old = notebook(tmp_path / "old", ["loss 0.5\n", "40 steps\n", picture(9, "a")])
    assert compare_notebooks.main(old, notebook(tmp_path / "new", changed)) == 1


def test_what_varies_between_two_runs_of_the_same_may_vary(tmp_path):
    old, again = (notebook(tmp_path / name, ["fixed 1\n", f"clock {n}\n"]) for name, n in (("old", 7), ("again", 8)))
    assert compare_notebooks.main(old, notebook(tmp_path / "new", ["fixed 1\n", "clock 9\n"]), again) == 0
    assert compare_notebooks.main(old, notebook(tmp_path / "other", ["fixed 2\n", "clock 9\n"]), again) == 1


def test_a_notebook_or_folder_that_is_missing_is_no_agreement(tmp_path, capsys):
    old, new = notebook(tmp_path / "old", ["a\n"]), notebook(tmp_path / "new", ["a\n"])
    notebook(old, ["b\n"], name="02.ipynb")
    assert compare_notebooks.main(old, new) == 1
    assert "02.ipynb: only in" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="isn't there"):
        compare_notebooks.main(tmp_path / "mistyped", new)

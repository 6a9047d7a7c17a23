"""A notebook alone, on a machine like Colab: the wheel, Colab's versions, an empty folder, no repository in sight."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from helpers import ROOT

pytestmark = pytest.mark.bare

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# Colab's published list of August 2026 (Python 3.13 there). torch is the version of the lock: 2.11 has no build at hand here.
COLAB = [
    "ipywidgets==7.7.1",
    "ipykernel==6.17.1",
    "ipython==7.34.0",
    "numpy==2.1.3",
    "matplotlib==3.10.0",
    "torch==2.13.0",
]


def run(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def versions(python: Path) -> dict[str, str]:
    listed = json.loads(run(str(python), "-m", "pip", "list", "--format=json"))
    return {entry["name"].lower(): entry["version"] for entry in listed}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("aigc_lab-*.whl"))


@pytest.fixture(scope="module")
def colab(tmp_path_factory, wheel) -> Path:
    """A new environment with Colab's versions, then the wheel; its Python."""
    folder = tmp_path_factory.mktemp("colab")
    run(sys.executable, "-m", "venv", str(folder / "env"))
    python = folder / "env" / "bin" / "python"
    run(str(python), "-m", "pip", "install", "--quiet", *COLAB)
    before = versions(python)
    run(str(python), "-m", "pip", "install", "--quiet", str(wheel))
    after = versions(python)
    touched = {name for name in before if after[name] != before[name] and name not in ("pip", "setuptools")}
    assert not touched, (
        f"installing the wheel changed {touched}: in Colab that would ask for a restart, or break the session"
    )
    brought = set(after) - set(
        before
    )  # what Colab has beside the six above is brought here too; tools of ours must not be
    assert not brought & {"jupyterlab", "notebook", "papermill", "nbval", "jupytext", "pytest"}, brought
    spec = folder / "jupyter" / "kernels" / "colab"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Colab-like", "language": "python"}), encoding="utf-8"
    )
    return python


def test_the_wheel_brings_the_data_and_no_jupyter(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert {"aigc_lab/_data/digits.npz", "aigc_lab/_data/digits.md", "aigc_lab/quizzes/01_start_here.json"} <= set(
        names
    )
    licence = next(line for line in metadata.splitlines() if line.startswith("License-Expression: "))
    assert {"MIT", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "Unicode-3.0"} <= set(licence.split()[1:])
    texts = {path.name for path in (ROOT / "data" / "licenses").iterdir()}
    assert texts == {name.rpartition("/")[2] for name in names if ".dist-info/licenses/data/licenses/" in name}
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert len(required) > 5
    for tool in ("jupyterlab", "papermill", "nbval", "jupytext", "notebook", "ipykernel"):
        assert not any(line.split()[1].startswith(tool) for line in required), f"the wheel must not require {tool}"


def test_the_wheel_installs_without_touching_colabs_packages(colab):
    installed = versions(colab)
    assert all(installed[pin.split("==")[0]].split("+")[0] == pin.split("==")[1] for pin in COLAB)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_alone_runs_from_an_empty_folder(notebook, colab, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    book = nbformat.read(notebook, as_version=4)
    manager = KernelSpecManager(kernel_dirs=[str(colab.parents[2] / "jupyter" / "kernels")])
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "AIGC_LAB_PROFILE": "ci", "OMP_NUM_THREADS": "1"}
    # A cell takes at most 20 s. On a busy machine the client can miss that a reply has come; it looks again when the time is up.
    client = NotebookClient(book, timeout=120, kernel_name="colab", resources={"metadata": {"path": str(tmp_path)}})
    client.km = client.create_kernel_manager()
    client.km.kernel_spec_manager = manager
    client.execute(env=environment)
    for cell in book.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        assert not errors, errors
    assert sum(bool(cell.get("outputs")) for cell in book.cells) >= 10

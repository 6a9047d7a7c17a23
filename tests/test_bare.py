"""A notebook alone, on a machine like Colab: the wheel, Colab's versions, an empty folder, no repository in sight."""

import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks import versions

from helpers import ROOT

pytestmark = pytest.mark.bare

# All notebooks are run alone by `benchmarks/versions.py`, on more than one set of versions. Here a few that depend most on what is around them:
# 01, every reader's first; 11, a web site and a database; 14, compiled cryptography and a TLS server; 32, second derivatives, which not every
# torch has; 37, which starts processes.
CHOSEN = ["01", "11", "14", "32", "37"]
NOTEBOOKS = [path for path in versions.NOTEBOOKS if path.name[:2] in CHOSEN]
# Colab's torch would bring 7 GB of CUDA libraries on Linux: here it is that of the lock.
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
COLAB = [
    *(pin for pin in LOCK if pin.startswith("torch==")),
    *(pin for pin in versions.COLAB if not pin.startswith("torch==")),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return versions.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def colab(tmp_path_factory, wheel) -> Path:
    """A new environment with Colab's versions, then the wheel; its Python."""
    python = versions.make_environment(tmp_path_factory.mktemp("colab"), Path(sys.executable), COLAB)
    before = versions.installed(python)
    versions.run(python, "-m", "pip", "install", "--quiet", wheel)
    after = versions.installed(python)
    touched = {name for name in before if after[name] != before[name] and name not in ("pip", "setuptools")}
    assert not touched, (
        f"installing the wheel changed {touched}: in Colab that would ask for a restart, or break the session"
    )
    brought = set(after) - set(before)  # what Colab has besides comes with the wheel here; tools of ours must not
    assert not brought & {"jupyterlab", "notebook", "papermill", "nbval", "jupytext", "pytest"}, brought
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
    installed = versions.installed(colab)
    assert all(installed[pin.split("==")[0]].split("+")[0] == pin.split("==")[1] for pin in COLAB)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_alone_runs_from_an_empty_folder(notebook, colab, tmp_path):
    versions.run_alone(notebook, colab, tmp_path)

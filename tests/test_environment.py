"""The doors agree: pyproject.toml, environment.yml, requirements.lock, the wheel; and one place knows the address."""

import importlib.metadata as metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import aigc_lab

from helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

# What Colab has already (its published list of August 2026; webencodings through bleach), and jupyterquiz, which is small and pure Python.
ALLOWED_IN_THE_WHEEL = {
    "torch", "numpy", "matplotlib", "ipywidgets", "accelerate", "beautifulsoup4", "cryptography", "httpx", "jupyterquiz", "pillow", "pooch", "rich",
    "safetensors", "scikit-learn", "scipy", "sympy", "tokenizers", "tqdm", "typer", "webencodings",
}  # fmt: skip
COLAB = {"torch": "2.11.0", "numpy": "2.1.3", "matplotlib": "3.10.0", "ipywidgets": "7.7.1", "tqdm": "4.67.3"}
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def ranges(lines: list[str]) -> dict[str, SpecifierSet]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements}


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def conda() -> tuple[dict[str, SpecifierSet], list[str]]:
    """Requirements of environment.yml under their pip names, and the options of its pip section."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    named = [entry for entry in entries if isinstance(entry, str)]
    (pip,) = (entry["pip"] for entry in entries if isinstance(entry, dict))
    found = ranges(named + [line for line in pip if not line.startswith("-")])
    return {CONDA_NAMES.get(name, name): specifier for name, specifier in found.items()}, [
        x for x in pip if x.startswith("-")
    ]


def test_the_conda_door_asks_for_the_same():
    found, options = conda()
    assert found.pop("pip") == SpecifierSet()
    assert found.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert found == ranges(PROJECT["dependencies"] + EXTRAS["lab"] + EXTRAS["test"])
    assert options == ["-e ."]


def test_the_lock_satisfies_every_range():
    versions = locked()
    for name, specifier in ranges(
        PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra]
    ).items():
        assert name in versions, f"{name} is not in requirements.lock: run `make lock`"
        assert specifier.contains(versions[name]), f"{name} {versions[name]} is outside {specifier}: run `make lock`"


def test_the_lock_can_be_installed_by_strangers():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line), f"no plain pin: {line}"
    assert "aigc" not in text
    torch = re.search(r"^TORCH := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert locked()["torch"] == torch


def test_the_wheel_requires_only_what_leaves_colab_as_it_is():
    """As installed: what hatchling wrote into the wheel, not what pyproject.toml says."""
    lines = metadata.requires("aigc-lab")
    base = ranges([line for line in lines if "extra ==" not in line])
    assert set(base) == ALLOWED_IN_THE_WHEEL
    assert base == ranges(PROJECT["dependencies"]), (
        "pyproject.toml changed after the installation: make, or pip install -e ."
    )
    tools = {
        "jupyterlab",
        "papermill",
        "nbval",
        "jupytext",
        "nbclient",
        "nbconvert",
        "notebook",
        "ipykernel",
        "pytest",
        "playwright",
    }
    assert not tools & set(base)


def test_the_ranges_admit_todays_colab():
    base = ranges(PROJECT["dependencies"])
    for name, version in COLAB.items():
        assert base[name].contains(version), f"Colab's {name} {version} would be replaced"
    for python in ("3.12.0", "3.13.15"):
        assert SpecifierSet(PROJECT["requires-python"]).contains(python)


def test_one_version():
    assert aigc_lab.__version__ == PROJECT["version"] == metadata.version("aigc-lab")


def test_help_does_not_load_torch():
    code = "import sys, aigc_lab.cli; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# The address -------------------------------------------------------------------------------------------------------

ADDRESS = PROJECT.get("urls", {}).get("Repository")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "lessons").glob("*.py"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.skipif(ADDRESS is None, reason="[project.urls] Repository is not set")
def test_only_pyproject_and_what_is_built_know_the_address():
    where = re.sub(r"^https?://|/$|\.git$", "", ADDRESS or "")
    for path in tracked():
        if path.name != "pyproject.toml" and path.suffix in (
            ".py",
            ".md",
            ".yml",
            ".toml",
            ".cff",
            ".json",
            ".txt",
            "",
        ):
            assert where not in path.read_text(encoding="utf-8", errors="replace"), f"{path} repeats the address"


@pytest.mark.skipif(ADDRESS is not None, reason="[project.urls] Repository is set")
def test_without_an_address_nothing_points_to_where_the_course_is_not():
    nowhere = re.compile(
        r"colab\.research\.google\.com|github\.com/(?:OWNER|USER|your|[\w.-]+/aigc)|img\.shields\.io", re.IGNORECASE
    )
    for path in [*PAGES, *NOTEBOOKS]:
        if path.is_file():
            found = nowhere.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.name} links to {found[0]}, which leads nowhere yet"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_local_link_leads_somewhere(page):
    if not (ROOT / page).is_file():
        pytest.skip(f"no {page} yet")
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text) + re.findall(r"(?:src|href)=\"([^\"#]+)\"", text)
    for link in links:
        if not re.match(r"[a-z]+:", link):
            assert (ROOT / link).exists(), f"{page} links to {link}, which is not there"

"""The doors agree: pyproject.toml, environment.yml, the locks, the wheel; every clone is the same; one place knows the address."""

import importlib.metadata as metadata
import re
import shutil
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
from aigc_lab.commands.environment import platforms
from benchmarks import versions

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


def pins(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith(("#", "-r"))]


LAB, DEV = pins("requirements.lock"), pins("requirements-dev.lock")


def locked() -> dict[str, str]:
    """The versions that all systems and Pythons share, and those of this one."""
    here = [pin for pin in LAB + DEV if not pin.marker or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


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
    assert found == ranges(PROJECT["dependencies"] + EXTRAS["lab"])
    assert options == ["-e ."]


def test_the_lock_satisfies_every_range():
    versions = locked()
    for name, specifier in ranges(
        PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra]
    ).items():
        assert name in versions, f"{name} is not in requirements.lock: run `make lock`"
        assert specifier.contains(versions[name]), f"{name} {versions[name]} is outside {specifier}: run `make lock`"


def test_the_locks_can_be_installed_by_strangers():
    for pin in LAB + DEV:
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), f"no plain pin: {pin}"
        assert not canonicalize_name(pin.name).startswith(("aigc", "nvidia", "cuda", "triton"))
    torch = re.search(r"^TORCH_VERSION := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert locked()["torch"] == torch


def test_students_install_no_tools_of_tests_and_builds():
    students = {canonicalize_name(pin.name) for pin in LAB}
    authors = {canonicalize_name(pin.name) for pin in DEV}
    assert not students & authors
    assert set(ranges(EXTRAS["test"] + EXTRAS["dev"])) <= authors | students
    assert {"pytest", "hypothesis", "ruff", "playwright", "torchmetrics", "scikit-image"} <= authors
    assert set(ranges(PROJECT["dependencies"] + EXTRAS["lab"])) <= students
    assert (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").startswith("-r requirements.lock\n")


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_every_pin_admits_every_promised_python(python):
    """By what the installed packages say of themselves; resolving the lock for such a Python would need the network."""
    asked = 0
    for pin in LAB + DEV:
        if pin.marker and not pin.marker.evaluate({"python_version": python[:4], "python_full_version": python}):
            continue
        try:
            facts = metadata.distribution(pin.name)
        except metadata.PackageNotFoundError:
            continue  # for another system, or another Python
        if pin.specifier.contains(facts.version.split("+")[0]):
            asked += 1
            needed = SpecifierSet(facts.metadata["Requires-Python"] or "")
            assert needed.contains(python), f"{pin} needs Python {needed}: run `make lock`"
    assert asked > 100


def test_the_promised_pythons_are_named_alike():
    first, last = (".".join(map(str, version)) for version in (platforms.OLDEST, platforms.NEWEST_LOCKED))
    assert PROJECT["requires-python"] == f">={first}"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"--python-version {first}.0 " in makefile
    minors = range(platforms.OLDEST[1], platforms.NEWEST_LOCKED[1] + 1)
    assert all(f"python3.{minor} " in makefile for minor in minors)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["elsewhere"]["strategy"]["matrix"]
    tried = {*matrix["python"], *(one["python"] for one in matrix["include"])}
    assert {f"3.{minor}" for minor in minors} <= tried
    assert last in tried


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


# What was tried ------------------------------------------------------------------------------------------------------


def test_readme_shows_what_was_tried():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition(versions.START)[2].partition(versions.END)[0].strip()
    assert shown == versions.table(versions.record())


def trial(**other) -> dict:
    of = dict.fromkeys(versions.SHOWN, "1.0") | {"torch": "2.6.0+cu124"}
    facts = {"set": "minimum", "date": "2026-11-28", "commit": "abc", "system": "Linux x86_64", "python": "3.11.2"}
    return facts | {"versions": of, "notebooks": {"01_start_here": "passed"}} | other


def test_a_table_names_what_failed_and_what_was_not_tried():
    names = [path.stem for path in versions.NOTEBOOKS]
    assert "01 passes, others not tried" in versions.table([trial()])
    assert f"all {len(names)} pass" in versions.table([trial(notebooks=dict.fromkeys(names, "passed"))])
    mixed = dict.fromkeys(names, "passed") | {names[-1]: "DeadKernelError: Kernel died"}
    assert f"{names[-1][:2]} fails, {len(names) - 1} pass" in versions.table([trial(notebooks=mixed)])


def test_a_trial_replaces_an_older_one_and_goes_on_with_one_of_the_same_commit():
    second = trial(notebooks={"32_cats_and_dogs": "passed"})
    assert list(versions.add(second, [trial()])[0]["notebooks"]) == ["01_start_here", "32_cats_and_dogs"]
    newer = second | {"commit": "def"}
    assert versions.add(newer, [trial()]) == [newer]
    other = trial(python="3.13.5")
    assert versions.add(other, [trial()]) == [trial(), other]


def test_the_oldest_set_is_every_lower_bound():
    lowest = dict(pin.split("==") for pin in versions.pins("minimum") if "==" in pin)
    for name, specifier in ranges(PROJECT["dependencies"]).items():
        assert specifier.contains(lowest[name]), name
        assert all(lowest[name] == bound.version for bound in specifier if bound.operator == ">="), name


# A clone ------------------------------------------------------------------------------------------------------------


def test_a_clone_has_the_same_bytes_on_every_system(tmp_path):
    """As Git for Windows makes it: with line ends of its own, where nothing says otherwise."""
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    ask = ["git", "-c", "core.autocrlf=true", "check-attr", "-z", "--stdin", "text", "eol"]
    said = subprocess.run(
        ask, cwd=ROOT, input="\0".join(names), capture_output=True, encoding="utf-8", check=True
    ).stdout
    fields = said.split("\0")
    attributes = {(fields[i], fields[i + 1]): fields[i + 2] for i in range(0, len(fields) - 2, 3)}
    for name in names:
        content = (ROOT / name).read_bytes()
        if b"\0" in content:
            assert attributes[name, "text"] == "unset", f"{name} is binary: say so in .gitattributes"
        else:
            assert attributes[name, "eol"] == "lf" or attributes[name, "text"] == "unset", name
            assert b"\r\n" not in content, name


def test_saving_a_notebook_in_jupyter_changes_no_source(tmp_path):
    """With jupytext's own contents manager, which `pip install jupytext` puts into Jupyter."""
    from jupyter_server.services.contents.largefilemanager import LargeFileManager
    from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

    for path in [*ROOT.glob("*"), *ROOT.glob("lessons/*"), *ROOT.glob("notebooks/*.ipynb")]:
        if path.is_file():  # settings for jupytext can lie in the course folder under several names
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)
    before = {path: path.read_bytes() for path in (tmp_path / "lessons").glob("*.py")}
    assert len(before) > 10
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)(root_dir=str(tmp_path))
    for notebook in sorted((tmp_path / "notebooks").glob("*.ipynb"))[:3]:
        model = manager.get(f"notebooks/{notebook.name}")
        model["content"]["cells"][0]["source"] += "\nA note of mine."
        manager.save(model, f"notebooks/{notebook.name}")
        assert "A note of mine." in notebook.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in (tmp_path / "lessons").glob("*.py")} == before
    assert not list((tmp_path / "notebooks").glob("*.py"))


# The address -------------------------------------------------------------------------------------------------------

ADDRESS = PROJECT.get("urls", {}).get("Repository")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "lessons").glob("*.py"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8")
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

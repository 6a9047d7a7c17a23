"""`aigc-lab doctor`: what this machine has, what that means for the course, and what to do about it."""

import importlib
import importlib.metadata as metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_lab.commands.environment import platforms
from aigc_lab.machine import limits

DISTRIBUTION = "aigc-lab"
COURSE_MEMORY = 2e9  # bytes free that one lesson may need
COURSE_DISK = 2e9  # bytes free for executed copies and downloads
# Parts of Python that are left out where it is compiled on a machine without the library they need: what can't work then, and whether that is
# a part of the course. The libraries' packages have these names on Debian and Ubuntu.
OPTIONAL_PARTS = {
    "ctypes": ("libffi-dev", "broken", "torch can't be loaded"),
    "sqlite3": ("libsqlite3-dev", "broken", "JupyterLab doesn't start, and lesson 11 fails"),
    "ssl": ("libssl-dev", "broken", "JupyterLab doesn't start, and nothing can be downloaded"),
    "bz2": ("libbz2-dev", "note", "full data sets can't be downloaded; the embedded ones work"),
    "lzma": ("liblzma-dev", "note", "full data sets can't be downloaded; the embedded ones work"),
}
BUILDERS = {"lab": "open and run the course"}  # extras whose absence is worth a word


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `level` is ok, note (works, but know this) or broken (the course can't run)."""

    what: str
    value: str
    level: str
    meaning: str


def examine() -> list[Finding]:
    """Look at everything; a probe that fails is itself reported as a note, never as a crash."""
    probes: list[Callable[[], Iterator[Finding]]] = [
        *[python, standard_library, packages, imports, torch, tried, gpu, kernel, cores, memory, disk, profile, cache]
    ]
    findings: list[Finding] = []
    for probe in probes:
        try:
            findings += probe()
        except Exception as error:  # a doctor must not fall ill
            findings.append(Finding(probe.__name__, "unknown", "note", f"could not be examined: {error!r}"))
    return findings


def python() -> Iterator[Finding]:
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    yield Finding("Python", f"{version} on {system}", "ok", "the course needs 3.11 or newer.")
    if reason := platforms.unsupported():
        # it may be there all the same, from another source than pip
        level = "note" if importlib.util.find_spec("torch") else "broken"
        yield Finding("platform", system, level, reason)
    if platform.system() == "Windows":
        meaning = "answers can't be stopped after 5 s here: end an endless loop with Kernel > Interrupt. Use `aigc-lab`, not make."
        yield Finding("platform", system, "note", meaning)


def standard_library() -> Iterator[Finding]:
    for name, (library, level, lost) in OPTIONAL_PARTS.items():
        try:
            importlib.import_module(name)
        except ImportError:
            meaning = f"{lost}. Python was compiled without it: install it from python.org or your system, or compile it again with {library}."
            yield Finding("Python", f"has no {name}", level, meaning)


def packages() -> Iterator[Finding]:
    """Installed versions against the ranges that aigc_lab asks for."""
    wrong, missing, extras = conflicts(DISTRIBUTION)
    for text in wrong:
        yield Finding(
            "package", text, "broken", "outside the range that the course is tested with; install a version within it."
        )
    for text in missing:
        yield Finding("package", text, "broken", f"not installed; run `pip install {text.split()[0]}`.")
    for extra, names in extras.items():
        if extra in BUILDERS:
            meaning = (
                f'needed to {BUILDERS[extra]} on this machine: `pip install -e ".[{extra}]"` in the course folder.'
            )
            yield Finding("extra", f"{extra}: {', '.join(names)} missing", "note", meaning)
    if not (wrong or missing):
        yield Finding("packages", "no conflicts", "ok", "every required package is there, in a version from its range.")


def imports() -> Iterator[Finding]:
    """A package can be there, and yet not load: a library of the system is missing, or a half of it is another version's."""
    found, failed = 0, []
    modules = metadata.packages_distributions()
    names = {
        canonical(re.match(r"[\w.-]+", line)[0])
        for line in metadata.requires(DISTRIBUTION) or []
        if "extra" not in line
    }
    for module in sorted(module for module, owners in modules.items() if names & set(map(canonical, owners))):
        if module.startswith("_") or not module.isidentifier():
            continue
        try:
            importlib.import_module(module)
            found += 1
        except Exception as error:
            failed.append(f"{module}: {error!r}")
    for text in failed:
        yield Finding(
            "import", text, "broken", "lessons that use it fail; install it again, `pip install --force-reinstall`."
        )
    if not failed:
        yield Finding("imports", f"{found} modules", "ok", "every package that lessons use can be loaded.")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def conflicts(distribution: str) -> tuple[list[str], list[str], dict[str, list[str]]]:
    """Unmet requirements of a distribution: wrong versions, missing packages, and {extra: packages that it misses}."""
    from packaging.requirements import Requirement

    wrong, missing, extras = [], [], {}
    for line in metadata.requires(distribution) or []:
        requirement = Requirement(line)
        name = requirement.name
        wanted_by = [
            x for x in metadata.metadata(distribution).get_all("Provides-Extra") or [] if marked(requirement, x)
        ]
        if requirement.marker and not wanted_by and not requirement.marker.evaluate():
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            if wanted_by:
                for extra in wanted_by:
                    extras.setdefault(extra, []).append(name)
            else:
                missing.append(f"{name} {requirement.specifier}".strip())
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{name} {version} (asked for: {requirement.specifier})")
    return wrong, missing, extras


def marked(requirement, extra: str) -> bool:
    """Whether a requirement belongs to an extra rather than to the base installation."""
    marker = requirement.marker
    return bool(marker and not marker.evaluate({"extra": ""}) and marker.evaluate({"extra": extra}))


def torch() -> Iterator[Finding]:
    try:
        import torch as library
    except Exception as error:
        yield Finding(
            "torch", repr(error), "broken", "PyTorch can't be loaded; install it again (pytorch.org, Get started)."
        )
        return
    build = f"CUDA {library.version.cuda}" if library.version.cuda else "CPU build"
    yield Finding(
        "torch", f"{library.__version__} ({build})", "ok", f"computes with {library.get_num_threads()} thread(s)."
    )


def tried() -> Iterator[Finding]:
    if pairs := platforms.tried():
        yield Finding("tried with", ", ".join(pairs), "ok", "if a lesson fails with other versions, take one of these.")


def gpu() -> Iterator[Finding]:
    import torch as library

    from aigc_lab import runtime

    kind = "cuda" if library.cuda.is_available() else "mps" if library.backends.mps.is_available() else None
    if kind and (reason := runtime.why_unusable(kind)):
        meaning = f"this PyTorch can't compute on it ({reason}); lessons use the CPU instead. AIGC_LAB_PROFILE=cpu skips the attempt."
        yield Finding("GPU", "not usable", "note", meaning)
    elif library.cuda.is_available():
        facts = library.cuda.get_device_properties(0)
        native = library.cuda.is_bf16_supported(including_emulation=False)
        value = f"{facts.name}, {facts.total_memory / 1e9:.0f} GB, bfloat16 {'native' if native else 'not native'}"
        half = "trains in bfloat16" if native else "trains in float16 or float32, as bfloat16 would only be emulated"
        yield Finding("GPU", value, "ok", f"profile gpu: larger budgets; {half}.")
    elif library.backends.mps.is_available():
        yield Finding("GPU", "Apple, through Metal", "ok", "profile gpu: larger budgets, in float32.")
    elif shutil.which("nvidia-smi"):
        meaning = (
            "a driver is there, but this PyTorch does not use it: choose the CUDA build at pytorch.org, Get started."
        )
        yield Finding("GPU", "not usable", "note", meaning)
    else:
        yield Finding("GPU", "none", "ok", "not needed: every lesson is made for two CPU cores.")


def kernel() -> Iterator[Finding]:
    """Which Python a notebook gets that was not opened with `aigc-lab lab`."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:  # the extra `lab` is missing, which is said already
        return
    try:
        found = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding("kernel", "python3 missing", "broken", "install it: `pip install ipykernel`.")
        return
    program = found.argv[0] if found.argv else ""
    if Path(program).name == program or (Path(program).exists() and Path(program).samefile(sys.executable)):
        yield Finding("kernel", "this Python", "ok", "notebooks run in the Python that has the course.")
    else:
        meaning = (
            f"`aigc-lab lab` and `run` use this Python all the same; elsewhere notebooks get that one: see {found.resource_dir}, "
            "or remove it with `jupyter kernelspec remove python3`."
        )
        yield Finding("kernel", f"python3 is {program}", "note", meaning)


def cores() -> Iterator[Finding]:
    count = limits.cores()
    if count < 2:
        meaning = f"stated times were measured on two: expect {'up to twice' if count == 1 else f'{2 / count:.1f} ×'} as long."
        yield Finding("CPU cores", f"{count:g}", "note", meaning)
    else:
        yield Finding("CPU cores", f"{count:g}", "ok", "stated times were measured on two.")


def memory() -> Iterator[Finding]:
    free, total = limits.memory()
    value = f"{free / 1e9:.1f} GB free of {total / 1e9:.1f} GB"
    if free < COURSE_MEMORY:
        yield Finding(
            "memory",
            value,
            "note",
            "a lesson may need 2 GB: close other programs, and shut down kernels you are done with.",
        )
    else:
        yield Finding("memory", value, "ok", "a lesson needs at most 2 GB.")
    if kills := limits.memory_kills():
        meaning = "when a notebook said that its kernel died, this may be why: run one notebook at a time, and shut down the others' kernels."
        yield Finding("memory", f"{kills} process(es) ended for want of it since the start", "note", meaning)


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    value = f"{free / 1e9:.1f} GB free here"
    if free < COURSE_DISK:
        yield Finding("disk", value, "note", "executed copies and full data sets need up to 2 GB; make room first.")
    else:
        yield Finding("disk", value, "ok", "enough for executed copies and full data sets.")


def profile() -> Iterator[Finding]:
    from aigc_lab import runtime

    set_by_hand = os.environ.get("AIGC_LAB_PROFILE")
    why = (
        "set by AIGC_LAB_PROFILE"
        if set_by_hand
        else "chosen from the machine; AIGC_LAB_PROFILE=ci, cpu or gpu overrides it"
    )
    yield Finding("profile", f"{runtime.profile()} on {runtime.device()}", "ok", f"{why}.")


def cache() -> Iterator[Finding]:
    from aigc_lab.datasets import downloads

    folder = downloads.cache_folder()
    where = next(path for path in [folder, *folder.parents] if path.exists())
    if os.access(where, os.W_OK):
        yield Finding("download cache", str(folder), "ok", "full data sets, if you ask for them, are kept there.")
    else:
        meaning = "can't be written to: the embedded data sets work, downloaded ones can't be kept."
        yield Finding("download cache", str(folder), "note", meaning)


def show(findings: list[Finding]) -> bool:
    """Print a table; True if nothing breaks the course."""
    from rich.console import Console
    from rich.table import Table

    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "broken": "[red]broken[/]"}
    table = Table("", "what", "here", "for the course", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(marks[finding.level], finding.what, finding.value, finding.meaning)
    console = Console()
    console.print(table)
    broken = [finding.what for finding in findings if finding.level == "broken"]
    console.print(f"\nBroken: {', '.join(broken)}." if broken else "\nThis machine can run the course.")
    return not broken

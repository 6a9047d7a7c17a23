"""`aigc-lab doctor`: what this machine has, what that means for the course, and what to do about it."""

import importlib.metadata as metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DISTRIBUTION = "aigc-lab"
COURSE_MEMORY = 2e9  # bytes free that one lesson may need
COURSE_DISK = 2e9  # bytes free for executed copies and downloads
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
    probes: list[Callable[[], Iterator[Finding]]] = [python, packages, torch, gpu, cores, memory, disk, profile, cache]
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
    if platform.system() == "Windows":
        meaning = "answers can't be stopped after 5 s here: end an endless loop with Kernel > Interrupt. Use `aigc-lab`, not make."
        yield Finding("platform", system, "note", meaning)


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


def gpu() -> Iterator[Finding]:
    import torch as library

    if library.cuda.is_available():
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


def cores() -> Iterator[Finding]:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count < 2:
        yield Finding(
            "CPU cores", str(count), "note", "lessons take up to twice the time they state, which was measured on two."
        )
    else:
        yield Finding("CPU cores", str(count), "ok", "stated times were measured on two.")


def memory() -> Iterator[Finding]:
    import psutil

    facts = psutil.virtual_memory()
    value = f"{facts.available / 1e9:.1f} GB free of {facts.total / 1e9:.1f} GB"
    if facts.available < COURSE_MEMORY:
        yield Finding(
            "memory",
            value,
            "note",
            "a lesson may need 2 GB: close other programs, and shut down kernels you are done with.",
        )
    else:
        yield Finding("memory", value, "ok", "a lesson needs at most 2 GB.")


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

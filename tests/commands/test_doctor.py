"""`aigc-lab doctor`: says what is there, and reports "broken" only where the course can't run."""

import importlib.metadata as metadata
import json
import subprocess
import sys
from collections import namedtuple

import pytest
import torch

from aigc_lab.commands import doctor

from helpers import ROOT


def found(findings, what: str) -> doctor.Finding:
    return next(finding for finding in findings if finding.what == what)


def test_this_machine_can_run_the_course():
    findings = doctor.examine()
    assert [f for f in findings if f.level == "broken"] == []
    assert {"Python", "packages", "torch", "GPU", "CPU cores", "memory", "disk", "profile"} <= {
        f.what for f in findings
    }
    assert torch.__version__ in found(findings, "torch").value
    assert all(finding.meaning for finding in findings)


@pytest.mark.parametrize(("torch_is_there", "level"), [(True, "note"), (False, "broken")])
def test_a_machine_that_pytorch_is_not_built_for_is_named(monkeypatch, torch_is_there, level):
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: torch_is_there or None)
    finding = found(doctor.python(), "platform")
    assert finding.level == level
    assert "Intel Macs" in finding.meaning
    assert "Colab" in finding.meaning


def test_what_was_tried_is_what_the_record_says():
    record = json.loads((ROOT / "benchmarks/results/versions.json").read_text(encoding="utf-8"))
    said = [finding.value for finding in doctor.examine() if finding.what == "tried with"]
    assert len(said) == bool(record)
    for entry in record:
        assert f"Python {entry['python']} with torch {entry['versions']['torch'].partition('+')[0]}" in said[0]


def test_the_command_exits_with_0_here():
    done = subprocess.run([sys.executable, "-m", "aigc_lab.cli", "doctor"], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This machine can run the course." in done.stdout


def test_a_version_out_of_range_breaks_the_course(monkeypatch, capsys):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.21.0" if name == "numpy" else real(name))
    (conflict,) = doctor.packages()
    assert conflict.level == "broken"
    assert "numpy 1.21.0" in conflict.value
    assert ">=1.26" in conflict.value
    assert not doctor.show([conflict])


def test_a_missing_package_is_named_with_what_to_do(monkeypatch):
    real = metadata.version

    def version(name):
        if name in ("scipy", "papermill"):
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    by_level = {finding.level: finding for finding in doctor.packages()}
    assert by_level["broken"].meaning == "not installed; run `pip install scipy`."
    assert by_level["note"].value == "lab: papermill missing"  # an extra: only needed to run the course from here


@pytest.mark.parametrize(
    ("name", "level"), [("sqlite3", "broken"), ("lzma", "note"), ("bz2", "note"), ("ssl", "broken")]
)
def test_a_python_compiled_without_a_part_is_named(monkeypatch, name, level):
    monkeypatch.setitem(sys.modules, name, None)  # importing it fails
    (finding,) = doctor.standard_library()
    assert (finding.value, finding.level) == (f"has no {name}", level)
    assert "Python was compiled without it" in finding.meaning


def test_a_package_that_is_there_but_does_not_load_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    (finding,) = doctor.imports()
    assert finding.level == "broken"
    assert "tokenizers" in finding.value


def test_a_kernel_of_another_python_is_named(monkeypatch, tmp_path):
    kernels = tmp_path / "kernels" / "python3"
    kernels.mkdir(parents=True)
    spec = {
        "argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "x",
        "language": "python",
    }
    (kernels / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    (fine,) = doctor.kernel()
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (other,) = doctor.kernel()
    assert (fine.level, other.level) == ("ok", "note")
    assert "/opt/other/bin/python" in other.value
    spec["argv"][0] = sys.executable
    (kernels / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    assert [finding.level for finding in doctor.kernel()] == ["ok"]


def test_less_than_two_cores_are_a_note_with_what_it_costs(monkeypatch):
    monkeypatch.setattr(doctor.limits, "cores", lambda: 0.5)
    (finding,) = doctor.cores()
    assert (finding.value, finding.level) == ("0.5", "note")
    assert "4.0 ×" in finding.meaning


def test_processes_that_the_system_ended_explain_a_dead_kernel(monkeypatch):
    monkeypatch.setattr(doctor.limits, "memory", lambda: (6e9, 8e9))
    monkeypatch.setattr(doctor.limits, "memory_kills", lambda: 2)
    assert [finding.level for finding in doctor.memory()] == ["ok", "note"]


def test_a_gpu_that_does_not_compute_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        "aigc_lab.runtime.why_unusable", lambda kind: "no kernel image is available for execution on the device"
    )
    (finding,) = doctor.gpu()
    assert finding.level == "note"
    assert "no kernel image" in finding.meaning


Memory = namedtuple("Memory", "available total")


@pytest.mark.parametrize(("available", "level"), [(0.5e9, "note"), (6e9, "ok")])
def test_little_memory_is_a_note(monkeypatch, available, level):
    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory(available, 8e9))
    monkeypatch.setattr(doctor.limits, "memory_kills", lambda: None)
    (finding,) = doctor.memory()
    assert finding.level == level


def test_a_probe_that_fails_is_a_note_and_not_a_crash(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: 1 / 0)
    finding = found(doctor.examine(), "memory")
    assert finding.level == "note"
    assert "ZeroDivisionError" in finding.meaning


Gpu = namedtuple("Gpu", "name total_memory")


@pytest.mark.parametrize(("native", "said"), [(True, "trains in bfloat16"), (False, "only be emulated")])
def test_emulated_bfloat16_does_not_count(monkeypatch, native, said):
    """On a T4 `is_bf16_supported()` is True, but only by emulation."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: Gpu("T4", 16e9))
    monkeypatch.setattr("aigc_lab.runtime.why_unusable", lambda kind: None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    (finding,) = doctor.gpu()
    assert "T4, 16 GB" in finding.value
    assert said in finding.meaning

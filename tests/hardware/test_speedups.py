"""The table of gains, on a simulated device whose answer is known."""

import pytest

from aigc_lab.hardware import speedups, timing


def test_gains_compare_the_same_number_of_examples(capsys):
    device = timing.PretendDevice([0.0], launch=0.0)

    def takes(seconds):
        def work():
            device.durations = [seconds]
            device.run()

        return work

    table = speedups.SpeedupTable(device, repeats=3)
    table.row("faster", takes(0.4), takes(0.1))
    table.row(
        "larger batch", takes(0.1), takes(0.4), examples=(8, 64)
    )  # eight times the examples in four times the time
    table.not_here("magic", "no wand")
    assert table.factors == pytest.approx({"faster": 4.0, "larger batch": 2.0})
    capsys.readouterr()
    table.show()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["faster", "larger batch", "magic"]
    assert "no wand" in lines[-1]

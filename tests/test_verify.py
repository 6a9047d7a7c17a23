import math

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aigc_lab import verify


def test_equal_sides_are_shown_with_their_difference(capsys):
    verify.agree("log 4 = 2 log 2", math.log(4), 2 * math.log(2))
    assert "✓ log 4 = 2 log 2" in capsys.readouterr().out


def test_a_difference_raises_and_says_where():
    with pytest.raises(AssertionError, match=r"left 3, right 4 at position .*1"):
        verify.agree("rows", torch.tensor([1.0, 3.0]), np.array([1.0, 4.0]))


def test_single_precision_is_given_room_and_double_is_not():
    verify.agree("float32", torch.tensor(1.0) + 2e-6, 1.0)
    with pytest.raises(AssertionError):
        verify.agree("float64", torch.tensor(1.0, dtype=torch.float64) + 2e-6, 1.0)


def test_nan_agrees_with_nothing_but_nan():
    verify.agree("both undefined", float("nan"), float("nan"))
    verify.agree("both infinite", math.inf, math.inf)
    for other in (1.0, math.inf):
        with pytest.raises(AssertionError):
            verify.agree("one undefined", float("nan"), other)


def test_shapes_must_match():
    with pytest.raises(AssertionError, match="shapes differ"):
        verify.agree("shapes", torch.zeros(2, 3), torch.zeros(3, 2))


def test_formulas_are_compared_symbolically():
    x = sympy.symbols("x", real=True)
    sigma = 1 / (1 + sympy.exp(-x))
    verify.agree("σ' = σ(1 - σ)", sympy.diff(sigma, x), sigma * (1 - sigma))
    with pytest.raises(AssertionError, match="differ by"):
        verify.agree("σ' = σ", sympy.diff(sigma, x), sigma)
    verify.agree("a number", sympy.Rational(1, 2), 0.5)


def test_estimate_is_scipys_standard_error():
    values = np.random.default_rng(0).normal(size=100)
    assert verify.estimate(values).standard_error == pytest.approx(stats.sem(values))
    with pytest.raises(ValueError, match="at least 2"):
        verify.estimate([1.0])


def test_monte_carlo_passes_within_four_standard_errors_only():
    near = verify.Estimate(mean=1.039, standard_error=0.01, samples=100)
    far = verify.Estimate(mean=1.041, standard_error=0.01, samples=100)
    verify.agree("near", near, 1.0)
    verify.agree("the other way round", 1.0, near)
    verify.agree("given apart", 1.039, 1.0, standard_error=0.01, samples=100)
    with pytest.raises(AssertionError, match="standard errors apart, allowed 4"):
        verify.agree("far", far, 1.0)


def test_two_estimates_add_their_variances():
    verify.agree("5 errors apart, but both err", verify.Estimate(0.0, 1.0, 9), verify.Estimate(5.0, 1.0, 9))
    with pytest.raises(AssertionError):
        verify.agree("6 apart", verify.Estimate(0.0, 1.0, 9), verify.Estimate(6.0, 1.0, 9))


def test_a_broken_promise_tells_the_reader_and_stops_the_build(monkeypatch, capsys):
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    verify.promise("at least 90% recognised", False, got=0.87)
    assert "at least 90% recognised" in (out := capsys.readouterr().out)
    assert "0.87" in out
    monkeypatch.setenv("AIGC_LAB_BUILD", "1")
    verify.promise("at least 90% recognised", True, got=0.93)
    with pytest.raises(AssertionError, match=r"at least 90% recognised; got 0.87"):
        verify.promise("at least 90% recognised", False, got=0.87)


@pytest.fixture
def building(monkeypatch):
    monkeypatch.setenv("AIGC_LAB_BUILD", "1")


def holds(got, **bounds) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_LAB_BUILD", "1")
        try:
            verify.promise("a claim", got=got, **bounds)
        except AssertionError:
            return False
    return True


numbers = st.one_of(st.floats(allow_nan=True), st.integers(-5, 5), st.sampled_from([0.9, math.inf]))


@given(numbers, numbers)
def test_a_bound_holds_where_python_says_so(x, bound):
    assert holds(x, above=bound) == (x > bound)
    assert holds(x, below=bound) == (x < bound)
    assert holds(x, at_least=bound) == (x >= bound)
    assert holds(x, at_most=bound) == (x <= bound)
    assert holds(x, equals=bound) == (x == bound)
    assert holds(np.float64(x), above=bound, at_most=1) == (bound < x <= 1)


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(1e-6, 5))
def test_near_is_less_than_the_tolerance_away(x, value, tolerance):
    assert holds(x, near=(value, tolerance)) == (abs(x - value) < tolerance)


@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=6), st.floats(-3, 3))
def test_of_many_numbers_all_must_hold(values, bound):
    expected = torch.tensor(values).gt(bound).all().item()
    assert holds(torch.tensor(values), above=bound) == expected
    assert holds(np.array(values, dtype=np.float32), above=bound) == expected
    assert holds({str(i): torch.tensor(v) for i, v in enumerate(values)}, above=bound) == expected


def test_bounds_may_be_arrays_and_values_anything_with_equality():
    assert holds(torch.tensor([1.0, 2.0]), at_least=torch.tensor([1.0, 1.5]))
    assert not holds(np.array([1.0, 2.0]), above=np.array([0.0, 2.0]))
    assert holds("4111", equals="4111")
    assert not holds(["a"], equals=[])
    assert holds({"a": 1}, equals={"a": 1})
    assert holds(torch.ones(3, dtype=torch.bfloat16), equals=1)
    assert holds(torch.tensor(0.9), at_least=0.9)  # in its own precision, as torch compares


def test_a_broken_bound_names_value_bound_and_place(building):
    for got, bounds, words in [
        (0.87, {"above": 0.9}, r"share; got 0\.87, not above 0\.9$"),
        (0.9, {"above": 0.9}, r"got 0\.9, not above 0\.9$"),
        (0.90001, {"below": 0.9}, r"got 0\.90001, not below 0\.9$"),
        (7, {"equals": 9}, r"got 7, not equal to 9$"),
        (1.3, {"near": (1, 0.1)}, r"got 1\.3, not within 0\.1 of 1$"),
        (torch.tensor([1.0, -2.0, -3.0]), {"at_least": 0}, r"got -2 at position \(1,\) of \(3,\), not at least 0$"),
        ({"flip": 0.5, "turn": math.nan}, {"at_most": 0.6}, r"got turn nan, not at most 0\.6$"),
    ]:
        with pytest.raises(AssertionError, match=words):
            verify.promise("share", got=got, **bounds)


def test_a_kept_promise_looks_the_same_in_both_forms(capsys):
    for got in (0.93, 5, torch.tensor(0.25), np.float64(0.123456)):
        verify.promise("a claim", got < 6, got=got)
        old = capsys.readouterr().out
        verify.promise("a claim", got=got, below=6)
        assert capsys.readouterr().out == old


def test_of_an_array_the_reader_sees_the_extremes(capsys):
    verify.promise("all", got=torch.arange(12.0), at_least=0)
    verify.promise("both", got={"flip": 0.25, "turn": 0.5}, above=0)
    out = capsys.readouterr().out
    assert "you got 0 to 11, 12 values" in out
    assert "you got flip 0.25, turn 0.5" in out


def test_a_reader_whose_number_breaks_a_bound_reads_on(monkeypatch, capsys):
    monkeypatch.delenv("AIGC_LAB_BUILD", raising=False)
    verify.promise("over 90%", got=0.87, above=0.9)
    assert "≠ over 90%  (you got 87, not above 90. Such numbers vary" in capsys.readouterr().out


@pytest.mark.parametrize("empty", [[], np.zeros(0), torch.zeros(0, 3), {}])
def test_nothing_measured_is_no_promise(empty):
    with pytest.raises(ValueError, match="nothing was measured"):
        verify.promise("all of none", got=empty, above=0)


def test_calls_that_check_nothing_or_twice_are_refused():
    for arguments in ({"got": 1}, {"condition": True, "got": 1, "above": 0}, {"above": 0}):
        with pytest.raises(TypeError, match="got"):
            verify.promise("a claim", **arguments)
    with pytest.raises(ValueError, match="positive tolerance"):
        verify.promise("a claim", got=1, near=(1, 0))


@pytest.mark.parametrize(
    ("text", "got", "bounds", "shown"),
    [
        ("at least 90% are read", 0.983, {"at_least": 0.9}, "(you got 98.3%)"),
        ("between 85 and 105%", torch.tensor(0.92), {"above": 0.85, "below": 1.05}, "(you got 92%)"),
        ("over 2.5% are lost", {"a": 0.03, "b": 0.04}, {"above": 0.025}, "(you got a 3, b 4%)"),
        ("at least 90% are read", 98.3, {"at_least": 90}, "(you got 98.3)"),  # in percent already
        ("0.9 of them, 8% more than before", 0.95, {"at_least": 0.9}, "(you got 0.95)"),
        ("at least 190 of 200, or 95%", 191, {"at_least": 190}, "(you got 191)"),
    ],
)
def test_what_you_got_has_the_unit_of_the_promise(text, got, bounds, shown, capsys):
    verify.promise(text, got=got, **bounds)
    assert shown in capsys.readouterr().out


def test_a_broken_promise_in_percent_is_told_in_percent(building):
    with pytest.raises(AssertionError, match=r"at most 3% are lost; got 4, not at most 3"):
        verify.promise("at most 3% are lost", got=0.04, at_most=0.03)

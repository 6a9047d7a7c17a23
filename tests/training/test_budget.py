"""How long a training lasts and when something is due, by a simulated clock."""

import math

import pytest

from aigc_lab.training import budget
from aigc_lab.training.budget import Budget, Clock, Timer


@pytest.fixture
def now(monkeypatch):
    """The time as a list of one number, to be set by the test."""
    time = [1000.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: time[0])
    return time


def ticks(clock, now, durations):
    """Take steps of the given lengths; yields after each."""
    for duration in durations:
        now[0] += duration
        clock.tick()
        yield clock


def test_the_clock_counts_steps_and_the_seconds_until_the_end_of_each(now):
    clock = Clock()
    assert [(c.steps, c.seconds) for c in ticks(clock, now, [1.5, 0.5, 3.0])] == [(1, 1.5), (2, 2.0), (3, 5.0)]


def test_what_is_done_while_it_is_paused_takes_no_time(now):
    clock = Clock()
    with clock.paused():
        now[0] += 100
    now[0] += 2
    clock.tick()
    assert clock.seconds == 2


def test_it_goes_on_from_what_was_spent_before_a_break(now):
    clock = Clock()
    now[0] += 50  # preparations
    clock.start(steps=7, seconds=30.0)
    now[0] += 1.5
    clock.tick()
    assert (clock.steps, clock.seconds) == (8, 31.5)


def meetings(now, durations, agree=lambda seconds, stop: (seconds, stop), pressed=lambda: False):
    """The clock after each step, and after which steps it asked for the others' agreement."""
    asked = []

    def witnessed(seconds, stop):
        asked.append(clock.steps)
        return agree(seconds, stop)

    clock = Clock(witnessed, pressed)
    return [(c.seconds, c.measured, c.stopped) for c in ticks(clock, now, durations)], asked


def test_steps_that_last_long_are_agreed_on_one_by_one(now):
    seen, asked = meetings(now, [2.0, 3.0], agree=lambda seconds, stop: (10 * seconds, stop))
    assert seen == [(20.0, 2.0, False), (50.0, 5.0, False)]
    assert asked == [1, 2]


def test_short_steps_are_agreed_on_about_four_times_a_second(now):
    """At 1/64 s a step, the processes agree every 16 steps, a stride reached by doubling. In between, the agreed time stands still."""
    seen, asked = meetings(now, [1 / 64] * 100)
    assert asked == [1, 3, 7, 15, 31, 47, 63, 79, 95]
    assert [seconds for seconds, _, _ in seen] == [
        max([at for at in asked if at <= step], default=0) / 64 for step in range(1, 101)
    ]
    assert [measured for _, measured, _ in seen] == [step / 64 for step in range(1, 101)]


def test_a_first_step_that_lasts_long_and_later_ones_that_do(now):
    """Compilation makes the first step slow. If steps become slow later, the next agreement comes late, but only once."""
    _, asked = meetings(now, [60.0] + [1 / 8] * 8 + [1.0] * 4)
    assert asked == [1, 2, 4, 6, 8, 10, 11, 12, 13]


def test_a_wish_to_stop_counts_in_all_processes_after_the_same_step(now):
    """Here stop is pressed in the second process after step 4; both stop at the next agreement."""
    wishes = iter([False, False, True])

    def agree(seconds, stop):
        return seconds, stop or next(wishes)

    seen, asked = meetings(now, [1 / 64] * 9, agree)
    assert asked == [1, 3, 7]
    assert [stop for _, _, stop in seen] == [False] * 6 + [True] * 3


def test_alone_stop_is_heard_at_once(now):
    pressed = []
    clock = Clock(pressed=lambda: bool(pressed))
    clock.tick()
    assert not clock.stopped
    pressed.append(True)
    assert clock.stopped


def test_a_budget_of_steps_lasts_for_so_many(now):
    limit, clock = Budget(steps=4), Clock()
    shares = []
    while limit.lasts(clock):
        shares.append(limit.share(clock))
        clock.tick()
    assert shares == [0, 0.25, 0.5, 0.75]
    assert (clock.steps, limit.spent(clock), limit.total) == (4, 4, 4)


def test_a_budget_of_seconds_ends_with_the_first_step_beyond(now):
    limit, clock = Budget(seconds=8.0), Clock()
    shares = []
    while limit.lasts(clock):
        shares.append(limit.share(clock))
        now[0] += 3
        clock.tick()
    assert shares == [0, 3 / 8, 6 / 8]
    assert limit.spent(clock) == 9


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "got neither"),
        ({"steps": 1, "seconds": 1.0}, "not both"),
        ({"steps": 0, "seconds": 1.0}, "not both"),
        ({"steps": 0}, "steps must be greater than 0, got 0"),
        ({"seconds": math.nan}, "seconds must be greater than 0, got nan"),
        ({"seconds": -2.0}, "seconds must be greater than 0, got -2.0"),
    ],
)
def test_a_budget_is_one_number_above_zero(wrong, message):
    with pytest.raises(ValueError, match=message):
        Budget(**wrong)


def due_at(timer, now, durations):
    clock = Clock()
    timer.start(clock)
    return [clock.steps for clock in ticks(clock, now, durations) if timer.due(clock)]


def test_by_steps_it_is_due_at_the_multiples(now):
    assert due_at(Timer("every", steps=3), now, [1.0] * 10) == [3, 6, 9]
    assert due_at(Timer("every", steps=1), now, [1.0] * 3) == [1, 2, 3]


def test_by_seconds_it_is_due_at_the_first_step_that_ends_so_long_after_the_last_time(now):
    assert due_at(Timer("every", seconds=2.0), now, [0.75] * 9) == [3, 6, 9]  # after 2.25 s each, not 2, 4, 6
    # One long step is one time, not two.
    assert due_at(Timer("every", seconds=2.0), now, [5.0, 0.5, 0.5, 1.0]) == [1, 4]
    assert due_at(Timer("every", seconds=math.inf), now, [1e9] * 3) == []


def test_it_is_never_due_if_nobody_says_when(now):
    assert due_at(Timer("every"), now, [1e9] * 3) == []


def test_after_a_break_the_seconds_count_from_where_training_goes_on(now):
    clock, timer = Clock(), Timer("every", seconds=10.0)
    clock.start(steps=100, seconds=500.0)
    timer.start(clock)
    now[0] += 1
    clock.tick()
    assert not timer.due(clock)


@pytest.mark.parametrize("value", [0, -1, math.nan])
@pytest.mark.parametrize("unit", ["steps", "seconds"])
def test_an_interval_is_greater_than_zero(unit, value):
    with pytest.raises(ValueError, match=f"save_every_{unit} must be greater than 0, got {value}"):
        Timer("save_every", **{unit: value})


def test_steps_come_whole_and_not_together_with_seconds():
    with pytest.raises(ValueError, match=r"every_steps must be a whole number, got 0.5: every_seconds counts seconds"):
        Timer("every", steps=0.5)
    with pytest.raises(ValueError, match=r"give every_steps or every_seconds, not both: got 5 and 2\.0"):
        Timer("every", steps=5, seconds=2.0)

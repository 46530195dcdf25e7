"""Estimates: absent until they mean something, then right on even work, and calm on uneven work."""

from __future__ import annotations

import pytest
from impasto.jobs.eta import Estimate, queue_etas


def test_even_work_is_foretold_exactly_wherever_it_began():
    estimate = Estimate()
    said = [estimate.update(1000 + t, 0.1 + 0.9 * t / 100) for t in range(100)]
    assert said[:2] == [None, None]
    assert all(ends == pytest.approx(1100) for ends in said[3:])


def test_nothing_is_said_of_work_that_has_hardly_begun():
    estimate = Estimate()
    assert [estimate.update(t, 0.0001 * t) for t in range(10)] == [None] * 10


def test_a_slow_step_does_not_throw_the_estimate_about():
    estimate = Estimate()
    for t in range(50):
        before = estimate.update(float(t), t / 100)
    after = estimate.update(60.0, 0.50)  # ten seconds for one step
    assert before == pytest.approx(100, abs=1) and before < after < before + 6


def test_the_end_is_never_in_the_past_and_a_new_beginning_starts_afresh():
    estimate = Estimate()
    for t in range(10):
        estimate.update(float(t), t / 10)
    assert estimate.update(500.0, 0.95) >= 500
    assert estimate.update(501.0, 0.01) is None


@pytest.mark.parametrize(
    "running, busy, typical, expected",
    [
        (30.0, True, {"a": 10.0, "b": 5.0}, {"x": (1, 40.0), "y": (2, 45.0), "z": (3, 55.0)}),
        (None, False, {"a": 10.0, "b": 5.0}, {"x": (1, 10.0), "y": (2, 15.0), "z": (3, 25.0)}),
        (None, True, {"a": 10.0, "b": 5.0}, {"x": (1, None), "y": (2, None), "z": (3, None)}),
        (30.0, True, {"a": 10.0}, {"x": (1, 40.0), "y": (2, None), "z": (3, None)}),
    ],
)
def test_those_who_wait_wait_for_all_before_them(running, busy, typical, expected):
    assert queue_etas(running, busy, [("x", "a"), ("y", "b"), ("z", "a")], typical) == expected

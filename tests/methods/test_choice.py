"""Which method paints what, why, and what it will mean: told before anything is done, without torch."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from impasto import errors
from impasto.machine import Machine
from impasto.methods import METHODS, method_named
from impasto.methods.choice import choose, plan
from impasto.models import FastLibrary
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.stylization import Stylization

CPU = Machine("cpu", "fp32", 20_000_000_000)
LEARNT, PICTURE = "starry-night", "upload:0"


@pytest.fixture
def library(tmp_path):
    return FastLibrary(Paths.of(Settings(data_dir=str(tmp_path))))


def chosen(library, *styles, **values):
    method, reason = choose(Stylization(style=styles, **values), library)
    return method.name, reason


@pytest.mark.parametrize(
    "values, method",
    [
        ({}, "fast"),
        ({"detail": 0.1, "seed": 3, "resolution": 500, "keep_colours": "match", "strength": 1.0}, "fast"),
        ({"iterations": 100}, "iterative"),
        ({"init": "noise"}, "iterative"),
        ({"style_layers": {"relu1_1": 1.0}}, "iterative"),
        ({"method": "iterative"}, "iterative"),
        ({"method": "fast", "iterations": 100}, "fast"),
        ({"method": "iterative", "init": "fast"}, "iterative"),
    ],
)
def test_auto_takes_the_first_method_that_heeds_all_that_is_set(library, values, method):
    assert chosen(library, LEARNT, **values)[0] == method


def test_the_reason_says_what_stood_against_the_quicker_method(library):
    assert "iterations" in chosen(library, LEARNT, iterations=7)[1]
    assert "the picture" in chosen(library, LEARNT, PICTURE)[1]
    assert all(chosen(library, LEARNT, method=name)[1] for name in ("auto", *METHODS))


def test_the_fast_method_takes_any_picture_where_it_is_named(library, monkeypatch, tmp_path):
    assert chosen(library, PICTURE, method="fast")[0] == "fast" and chosen(library, PICTURE, LEARNT, method="fast")[0] == "fast"
    assert chosen(library, PICTURE)[0] == "iterative"
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "gone.safetensors")
    with pytest.raises(errors.StyleNotLearnt):
        chosen(library, PICTURE, method="fast")


def test_an_iterative_painting_begins_only_with_what_a_network_has_learnt(library):
    with pytest.raises(errors.StyleNotLearnt):
        choose(Stylization(style=(PICTURE,), init="fast"), library)


def test_refining_a_picture_takes_the_time_that_its_plan_tells(library):
    def seconds(**values):
        return plan(Stylization(style=(PICTURE,), method="fast", **values), (768, 1024), library, Settings(), CPU).seconds

    learnt = plan(Stylization(style=(LEARNT,)), (768, 1024), library, Settings(), CPU).seconds
    assert learnt < seconds(refine=0) < 3 and 10 < seconds() < 30 and seconds(refine=120) > 1.8 * seconds()


def test_every_method_is_a_choice_of_the_parameter_and_answers_for_itself():
    parameter = next(p for p in Stylization.parameters() if p.name == "method")
    assert parameter.choices == ("auto", *METHODS) and parameter.default == "auto"
    for name in METHODS:
        method = method_named(name)
        assert method.name == name and method.parameters <= {p.name for p in Stylization.parameters()}


def test_a_plan_tells_method_size_and_seconds(library):
    settings = Settings()
    quick = plan(Stylization(style=(LEARNT,)), (3000, 4000), library, settings, CPU)
    assert (quick.method, quick.width, quick.height) == ("fast", 4000, 3000) and 0 < quick.seconds < 30
    slow = plan(Stylization(style=(PICTURE,)), (3000, 4000), library, settings, CPU)
    assert (slow.method, slow.width, slow.height) == ("iterative", 512, 384) and 60 < slow.seconds < 600
    assert plan(Stylization(style=(PICTURE,), iterations=9), (3000, 4000), library, settings, CPU).seconds < slow.seconds / 4
    assert plan(Stylization(style=(PICTURE,), strength=0.0), (3000, 4000), library, settings, CPU).seconds == 0


def test_what_was_measured_on_this_machine_counts_more_than_a_guess(library):
    stylization, full = Stylization(style=(LEARNT,)), (768, 1024)
    guess = plan(stylization, full, library, Settings(), CPU).seconds
    rate = 10 * method_named("fast").seconds_per_work(CPU)
    assert plan(stylization, full, library, Settings(), CPU, {"fast": rate}).seconds == pytest.approx(10 * guess, rel=0.1)
    gpu = dataclasses.replace(CPU, device="cuda")
    assert plan(stylization, full, library, Settings(), gpu).seconds is None
    assert plan(stylization, full, library, Settings(), gpu, {"fast": rate}).seconds


def test_a_plan_for_what_cannot_fit_says_so(library):
    with pytest.raises(errors.OutOfMemory) as refused:
        plan(Stylization(style=(PICTURE,), resolution=4000), (3000, 4000), library, Settings(), Machine("cpu", "fp32", 10**9))
    assert refused.value.field == "resolution" and refused.value.hint


def test_the_daemon_may_ask_without_torch():
    code = (
        "import sys\nfrom impasto.methods import METHODS, method_named\nimport impasto.methods.choice\n"
        "[method_named(name) for name in METHODS]\nsys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0

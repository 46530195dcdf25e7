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


def library_of(folder, **values):
    settings = Settings(data_dir=str(folder), **values)
    return FastLibrary(Paths.of(settings), settings)


@pytest.fixture
def library(tmp_path):
    return library_of(tmp_path)


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


def test_what_has_no_effect_on_the_method_that_was_asked_for_is_said(library):
    name, reason = chosen(library, LEARNT, method="fast", loss="gram", iterations=7, strength=0.7)
    assert name == "fast" and "loss, iterations" in reason and "strength" not in reason
    assert chosen(library, LEARNT, method="iterative", loss="gram")[1] == "It was asked for."


def test_the_reason_says_what_stood_against_the_quicker_method(library):
    assert "iterations" in chosen(library, LEARNT, iterations=7)[1]
    assert "the picture" in chosen(library_of("nowhere", offline=True), LEARNT, PICTURE)[1]
    assert all(chosen(library, LEARNT, method=name)[1] for name in ("auto", *METHODS))


def test_the_fast_method_takes_any_picture_and_is_what_auto_takes_where_its_encoder_can_be_had(library, tmp_path):
    offline = library_of(tmp_path, offline=True)
    for styles in ((PICTURE,), (PICTURE, LEARNT)):
        assert chosen(library, *styles)[0] == chosen(library, *styles, method="fast")[0] == "fast"
        assert chosen(library, *styles, refine=9)[0] == "fast" and chosen(library, *styles, pooling="l2")[0] == "iterative"
        method, reason = chosen(offline, *styles)
        assert method == "iterative" and "vgg16" in reason
        assert chosen(offline, *styles, method="fast")[0] == "fast", "asked for by name, it says itself what is missing"
    assert chosen(offline, LEARNT)[0] == "fast"


def test_the_weights_that_are_here_will_do_for_auto(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.models.store.ModelStore.status", lambda self, id: "present" if id == "vgg16" else "absent")
    assert chosen(library_of(tmp_path, offline=True), PICTURE)[0] == "fast"


def test_without_the_predictor_a_picture_is_painted_iteratively(library, monkeypatch, tmp_path):
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "gone.safetensors")
    assert chosen(library, PICTURE)[0] == "iterative"
    with pytest.raises(errors.StyleNotLearnt):
        chosen(library, PICTURE, method="fast")


def test_an_iterative_painting_takes_longer_where_there_is_no_fast_picture_to_begin_with(library, monkeypatch, tmp_path):
    def seconds(**values):
        stylization = Stylization(style=(PICTURE,), method="iterative", **values)
        return plan(stylization, (384, 512), library, Settings(), CPU).seconds

    refined, anew = seconds(), seconds(init="content")
    assert refined < anew / 3 and seconds(iterations=45) < anew
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "gone.safetensors")
    assert seconds() == anew


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
    assert not quick.refines and quick.stroke == 100, "2.5 % of 4000 px"
    slow = plan(Stylization(style=(PICTURE,), method="iterative"), (3000, 4000), library, settings, CPU)
    assert (
        (slow.method, slow.width, slow.height) == ("iterative", 512, 384)
        and 20 < slow.seconds < 200
        and not slow.refines
        and slow.stroke is None
    )
    assert plan(Stylization(style=(PICTURE,), iterations=3), (3000, 4000), library, settings, CPU).seconds < slow.seconds / 4
    refined = plan(Stylization(style=(PICTURE,)), (3000, 4000), library, settings, CPU)
    assert (refined.method, refined.width) == ("fast", 4000) and refined.refines
    assert not plan(Stylization(style=(PICTURE,), refine=0), (3000, 4000), library, settings, CPU).refines
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
        plan(
            Stylization(style=(PICTURE,), method="iterative", resolution=4000),
            (3000, 4000),
            library,
            Settings(),
            Machine("cpu", "fp32", 10**9),
        )
    assert refused.value.field == "resolution" and refused.value.hint


def test_the_daemon_may_ask_without_torch():
    code = (
        "import sys\nfrom impasto.methods import METHODS, method_named\nimport impasto.methods.choice\n"
        "[method_named(name) for name in METHODS]\nsys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0

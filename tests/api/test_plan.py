"""GET /v1/plan: what a choice will mean, before anything is sent."""

from __future__ import annotations

import pytest

SIZE = {"width": 4000, "height": 3000}


@pytest.fixture
def ask(client):
    """The plan for a query."""
    return lambda **query: client.get("/v1/plan", params={**SIZE, **query})


def test_a_learnt_style_is_planned_whole_and_in_seconds(ask):
    plan = ask(style="starry-night").json()
    assert (plan["method"], plan["width"], plan["height"]) == ("fast", 4000, 3000)
    assert plan["reason"] and (plan["seconds"] is None or 0 < plan["seconds"] < 60)


def test_an_advanced_parameter_is_planned_iteratively_and_smaller(ask):
    for query in ({"pictures": 1}, {"style": "starry-night"}):
        plan = ask(**query, iterations="9").json()
        assert plan["method"] == "iterative" and "iterations" in plan["reason"] and plan["width"] < 4000
        assert not plan["refines"]


def test_a_picture_is_planned_by_the_fast_method_which_refines_it_first(ask):
    plan, learnt = ask(pictures=1).json(), ask(style="starry-night").json()
    assert plan["method"] == learnt["method"] == "fast" and plan["width"] == 4000
    assert plan["refines"] and not learnt["refines"] and plan["seconds"] > learnt["seconds"] + 3
    assert not ask(pictures=1, strength=0).json()["refines"], "at strength 0 nothing is painted"


def test_several_styles_and_every_other_parameter_are_understood(ask):
    plan = ask(style="starry-night,great-wave", style_weights="1,2", strength="0.7", resolution="800", keep_colours="match").json()
    assert (plan["method"], plan["width"], plan["height"]) == ("fast", 800, 600)


@pytest.mark.parametrize(
    "query, status, code",
    [
        ({"style": "starry-night", "width": ""}, 400, "invalid_parameter"),
        ({"style": "starry-night", "width": "0"}, 400, "invalid_parameter"),
        ({"style": "starry-night", "height": "1.5"}, 400, "invalid_parameter"),
        ({"style": "starry-night", "height": "15"}, 400, "picture_too_small"),
        ({"style": "starry-night", "height": "70000"}, 413, "picture_too_large"),
        ({"style": "starry-night", "height": "40000"}, 413, "picture_too_large"),
        ({"style": "upload:0"}, 400, "invalid_parameter"),
        ({"style": "starry-night", "strength": "2"}, 400, "invalid_parameter"),
        ({"style": "starry-night", "strenght": "1"}, 400, "unknown_parameter"),
        ({"style": "no-such-style"}, 404, "unknown_style"),
        ({"pictures": 9}, 400, "invalid_parameter"),
        ({}, 400, "style_missing"),
    ],
)
def test_what_cannot_be_planned_says_why(ask, query, status, code):
    answer = ask(**query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_size_must_be_told(client):
    answer = client.get("/v1/plan", params={"style": "starry-night", "width": 300})
    assert answer.status_code == 400 and answer.json()["error"]["field"] == "height"

"""The one dataclass: every value checked, every error in words, everything that derives from it current."""

from __future__ import annotations

import json
import math
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from impasto.cli.parameters import page
from impasto.errors import ImpastoError, InvalidParameter, StyleMissing, UnknownParameter
from impasto.parameters import ADVANCED, BASIC, plain
from impasto.stylization import MAX_STYLES, Stylization

PARAMETERS = {p.name: p for p in Stylization.parameters()}
KINDS = {"number", "integer", "choice", "text list", "number list", "layers"}


def parse(**values):
    return Stylization.parse({"style": "starry-night", **values})


@pytest.mark.parametrize(
    "name, value, parsed",
    [
        ("strength", "0.7", 0.7),
        ("strength", 1, 1.0),
        ("strength", " 0.5 ", 0.5),
        ("seed", "42", 42),
        ("seed", 7.0, 7),
        ("resolution", "1e3", 1000),
        ("seed", 2**31 - 1, 2**31 - 1),
        ("keep_colours", "luminance", "luminance"),
        ("loss", "gram", "gram"),
        ("style_layers", "relu1_1:2, conv4_2", {"relu1_1": 2.0, "conv4_2": 1.0}),
        ("style_layers", {"relu3_1": 0.5}, {"relu3_1": 0.5}),
        ("style_layers", ["relu1_1:1", "relu2_1:0"], {"relu1_1": 1.0, "relu2_1": 0.0}),
        ("style", "great-wave", ("great-wave",)),
        ("style", ["a", "b,c"], ("a", "b", "c")),
        ("style", "upload:0,upload:12", ("upload:0", "upload:12")),
    ],
)
def test_values_that_are_taken(name, value, parsed):
    assert getattr(parse(**{name: value}), name) == parsed


@pytest.mark.parametrize(
    "name, value",
    [
        ("strength", "1.01"),
        ("strength", "-0.01"),
        ("strength", "nan"),
        ("strength", "inf"),
        ("strength", ""),
        ("strength", "much"),
        ("strength", True),
        ("strength", None),
        ("strength", [0.5]),
        ("strength", {"a": 1}),
        ("strength", "0,5"),
        ("strength", "9" * 400),
        ("seed", "1.5"),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", "0x10"),
        ("seed", "1e400"),
        ("keep_colours", "OFF"),
        ("keep_colours", ""),
        ("keep_colours", ["off"]),
        ("keep_colours", 1),
        ("method", "magic"),
        ("style_layers", ""),
        ("style_layers", "relu9_1"),
        ("style_layers", "relu1_3"),
        ("style_layers", "relu1_1:x"),
        ("style_layers", "relu1_1:-1"),
        ("style_layers", "relu1_1:0"),
        ("style_layers", "fc6:1"),
        ("style_layers", 5),
        ("style_layers", {"relu1_1": None}),
        ("style_layers", "relu1_1:nan"),
        ("style_layers", None),
        ("style", "../etc/passwd"),
        ("style", "Starry"),
        ("style", "a/b"),
        ("style", "a\\b"),
        ("style", "a\0"),
        ("style", "x" * 65),
        ("style", "upload:-1"),
        ("style", "upload:100"),
        ("style", "https://example.org/a.png"),
        ("style", ["a"] * (MAX_STYLES + 1)),
        ("style", 5),
        ("style_weights", "a"),
        ("style_weights", "-1"),
        ("style_weights", "101"),
        ("style_weights", "nan"),
        ("iterations", -1),
        ("step_size", 0),
        ("scales", 13),
    ],
)
def test_values_that_are_refused(name, value):
    with pytest.raises(InvalidParameter) as caught:
        parse(**{name: value})
    assert caught.value.field == name
    assert name in caught.value.message and len(caught.value.message) < 250


@pytest.mark.parametrize(
    "values, kind, field",
    [
        ({"style": "a", "style_weights": "1,2"}, InvalidParameter, "style_weights"),
        ({"style": "a,b", "style_weights": "1"}, InvalidParameter, "style_weights"),
        ({"style": "a,b", "style_weights": "0,0"}, InvalidParameter, "style_weights"),
        ({"style": ""}, StyleMissing, "style"),
        ({}, StyleMissing, "style"),
        ({"style": "a", "stength": "1"}, UnknownParameter, "stength"),
        ({"style": "a", "x" * 5000: "1"}, UnknownParameter, "x" * 59 + "…"),
        ({"style": "a", "../etc/passwd": "1"}, UnknownParameter, "..…etc…passwd"),
    ],
)
def test_rules_that_concern_the_whole(values, kind, field):
    with pytest.raises(kind) as caught:
        Stylization.parse(values)
    assert caught.value.field == field


def test_a_slip_of_the_finger_is_told_the_nearest_name():
    with pytest.raises(UnknownParameter) as caught:
        parse(stength=1)
    assert "strength" in caught.value.hint


def test_styles_may_be_left_out_where_they_come_later():
    assert Stylization.parse({"strength": 1}, styles_required=False).style == ()


@pytest.mark.parametrize(
    "styles, weights, mix",
    [
        ("a", "", [1]),
        ("a,b", "", [0.5, 0.5]),
        ("a,b", "3,1", [0.75, 0.25]),
        ("a,b", "0,2", [0, 1]),
    ],
)
def test_the_mix_of_styles_sums_to_one(styles, weights, mix):
    assert parse(style=styles, **({"style_weights": weights} if weights else {})).mix() == mix


def test_plain_types_and_back():
    stylization = parse(style="a,upload:0", style_weights="1,2", style_layers="relu1_1:0.5", seed=3)
    reply = json.loads(json.dumps(stylization.to_dict()))
    assert Stylization.parse(reply) == stylization


@hypothesis.settings(max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(sorted(PARAMETERS)),
        st.one_of(
            st.text(max_size=20),
            st.integers(),
            st.floats(),
            st.booleans(),
            st.none(),
            st.lists(st.text(max_size=5), max_size=3),
            st.dictionaries(st.text(max_size=8), st.floats(), max_size=3),
        ),
        max_size=4,
    )
)
def test_whatever_comes_in_is_parsed_or_refused_in_words(values):
    try:
        reply = Stylization.parse(values)
    except ImpastoError as error:
        assert error.status == 400
    else:
        assert Stylization.parse(reply.to_dict()) == reply


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.name)
def test_each_parameter_describes_itself(parameter):
    assert parameter.kind in KINDS and parameter.group in (BASIC, ADVANCED)
    assert parameter.help.endswith("."), "help is a sentence"
    assert parameter.accepts()
    assert (parameter.kind == "choice") == bool(parameter.choices)
    if parameter.kind in ("number", "integer"):
        assert parameter.minimum < parameter.maximum < math.inf
    if parameter.default not in ((), ""):
        assert parameter.parse(parameter.default) == parameter.default


def test_the_artists_words_come_first():
    groups = [p.group for p in Stylization.parameters()]
    assert groups == sorted(groups, key=[BASIC, ADVANCED].index)


def test_defaults_are_one_instance_not_a_shared_dictionary():
    one = Stylization()
    one.style_layers["relu1_1"] = 99.0
    assert Stylization().style_layers["relu1_1"] != 99.0


@pytest.mark.parametrize(
    "number, text", [(0, "0"), (1e6, "1000000"), (2**31 - 1, "2147483647"), (0.5, "0.5"), (1e-5, "0.00001"), (2.0, "2")]
)
def test_numbers_are_written_plainly(number, text):
    assert plain(number) == text


def test_the_page_of_parameters_is_current():
    """Out of date? make docs"""
    file = Path(__file__).resolve().parents[1] / "docs" / "parameters.md"
    assert file.read_text(encoding="utf-8") == page()

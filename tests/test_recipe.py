"""A recipe as text: whole again when it is read, and a sentence for whatever is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from impasto.errors import InvalidParameter
from impasto.recipe import MAX_BYTES, Recipe, RecipeStyle, painted
from impasto.stylization import Stylization

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins" / "client"))

from impasto_client import recipe as editors  # noqa: E402

DIGEST = "0123456789abcdef" * 4
WHOLE = Recipe(
    (RecipeStyle("great-wave", "Die große Welle", 2.0, DIGEST), RecipeStyle(weight=1 / 3, sha256=DIGEST)),
    {"strength": 0.7, "method": "iterative", "content_layers": {"relu3_3": 0.1 + 0.2, "relu4_2": 1.0}, "seed": 12},
    version="0.1.0",
    width=400,
    height=300,
    painted_width=512,
    painted_height=384,
    steps=40,
    finished_early=True,
    network=DIGEST,
)
SMALL = {"impasto": 1, "styles": [{"id": "great-wave"}], "values": {}}


def test_what_is_written_is_read_again():
    text = WHOLE.to_json()
    assert Recipe.from_json(text) == WHOLE and Recipe.from_json(WHOLE.to_json(indent=2)) == WHOLE
    assert text.startswith('{"impasto": 1, "styles": ') and "große" in text


def test_its_fields_are_those_of_the_form_to_the_last_digit():
    fields = WHOLE.fields()
    again = Stylization.parse({**fields, "style": ["great-wave", "upload:0"]})
    assert again.content_layers == WHOLE.values["content_layers"] and again.style_weights == (2.0, 1 / 3) and again.seed == 12
    assert "style_weights" not in Recipe((RecipeStyle("a"), RecipeStyle("b"))).fields(), "equal parts need no weights"


def test_a_painting_s_recipe_has_all_that_it_heeded_and_nothing_else():
    stylization = Stylization.parse({"style": "great-wave", "strength": 0.7, "loss": "gram"})
    facts = {
        "method": "fast",
        "width": 40,
        "painted_width": 20,
        "painted_s": 7.5,
        "steps": 3,
        "bytes": 999,
        "finished_early": False,
    }
    recipe = painted(stylization, frozenset({"style", "strength", "method", "seed"}), (RecipeStyle("great-wave"),), facts)
    assert recipe.values == {"strength": 0.7, "method": "fast", "seed": 0}
    assert (recipe.width, recipe.painted_width, recipe.steps) == (40, 20, 3)
    assert "7.5" not in recipe.to_json() and "999" not in recipe.to_json()


def test_an_editor_s_recipe_is_one_too():
    styles = [editors.Style(picture=b"a picture", title="Mine", weight=3), editors.Style("great-wave", title="The Wave")]
    recipe = Recipe.from_json(editors.Recipe(styles, {"strength": 0.25}).to_json())
    assert [(style.id, style.title, style.weight, style.picture) for style in recipe.styles] == [
        ("", "Mine", 3.0, b"a picture"),
        ("great-wave", "The Wave", 1.0, b""),
    ]
    assert recipe.values == {"strength": 0.25}
    assert Recipe.from_json(recipe.to_json()) == recipe


HOSTILE = {
    "nothing": ("", "no JSON"),
    "words": ("hello", "no JSON"),
    "cut off": (json.dumps(SMALL)[:-9], "no JSON"),
    "another JSON": ('{"a": 1}', "no recipe"),
    "a list": ("[1]", "no recipe"),
    "a number": ("1", "no recipe"),
    "no number": (json.dumps(SMALL).replace("{}", '{"strength": NaN}'), "no JSON"),
    "too deep": ('{"impasto": 1, "styles": ' + "[" * 100_000 + "]" * 100_000 + "}", "no JSON"),
    "deep values": (json.dumps({**SMALL, "values": {"content_layers": json.loads("[" * 500 + "]" * 500)}}), "recipe"),
    "an endless number": ('{"impasto": ' + "9" * 10_000 + "}", "no JSON"),
    "huge": ('{"impasto": 1, "styles": "' + "a" * MAX_BYTES + '"}', "8 MB"),
    "a later version": (json.dumps({**SMALL, "impasto": 2}), "version 2"),
    "a version that is a text": (json.dumps({**SMALL, "impasto": "1<script>"}), "version 1"),
    "a version that is true": (json.dumps({**SMALL, "impasto": True}), "version True"),
    "an unknown field": (json.dumps({**SMALL, "run": "rm -rf"}), "'run'"),
    "no styles": (json.dumps({**SMALL, "styles": []}), "1 to 8 styles"),
    "styles without end": (json.dumps({**SMALL, "styles": SMALL["styles"] * 9}), "1 to 8 styles"),
    "styles that are a text": (json.dumps({**SMALL, "styles": "great-wave"}), "1 to 8 styles"),
    "a style that is a text": (json.dumps({**SMALL, "styles": ["great-wave"]}), "styles"),
    "a style that is a path": (json.dumps({**SMALL, "styles": [{"id": "../../etc/passwd"}]}), "styles"),
    "a style that is an upload": (json.dumps({**SMALL, "styles": [{"id": "upload:0"}]}), "styles"),
    "an unknown field of a style": (json.dumps({**SMALL, "styles": [{"id": "a", "file": "/etc/passwd"}]}), "styles"),
    "a weight below 0": (json.dumps({**SMALL, "styles": [{"id": "a", "weight": -1}]}), "styles"),
    "a weight without end": (json.dumps({**SMALL, "styles": [{"id": "a"}]}).replace('"a"', '"a", "weight": 1e999'), "styles"),
    "a digest that is none": (json.dumps({**SMALL, "styles": [{"sha256": "x"}]}), "styles"),
    "a picture that is none": (json.dumps({**SMALL, "styles": [{"picture": "%%%"}]}), "styles"),
    "values that are a list": (json.dumps({**SMALL, "values": []}), "values"),
    "styles among the values": (json.dumps({**SMALL, "values": {"style": "a"}}), "values"),
    "an unknown parameter": (json.dumps({**SMALL, "values": {"strenght": 1}}), "'strenght'"),
    "a parameter out of its range": (json.dumps({**SMALL, "values": {"strength": 7}}), "strength"),
    "a parameter of another kind": (json.dumps({**SMALL, "values": {"seed": {"a": 1}}}), "seed"),
    "a width that is a text": (json.dumps({**SMALL, "width": "1"}), "width"),
    "a width that is true": (json.dumps({**SMALL, "width": True}), "width"),
    "a width below 0": (json.dumps({**SMALL, "width": -1}), "width"),
    "a long version": (json.dumps({**SMALL, "version": "1" * 1000}), "version"),
    "a network that is none": (json.dumps({**SMALL, "network": "abc"}), "network"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_no_recipe_gets_a_sentence(text, words):
    with pytest.raises(InvalidParameter) as caught:
        Recipe.from_json(text)
    assert words in caught.value.message and caught.value.hint
    assert len(caught.value.message) < 300 and "<" not in caught.value.message and caught.value.field == "recipe"

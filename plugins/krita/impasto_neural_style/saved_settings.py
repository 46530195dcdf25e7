"""What was painted last, kept in Krita's own settings from one session to the next; and what each layer was painted with, kept in
its document."""

import json

from .client import outputs
from .client import recipe as recipes
from .qt import QtCore
from .source import id_of

GROUP, NAME = "impasto_neural_style", "last"
MAX_LENGTH = 64 << 10
"""Characters: Krita's settings are no place for pictures."""

NOTE = "impasto-recipe/"
"""An annotation of a document, with a layer's id behind it; it is saved with the document."""


def save_layer_recipe(document, layer, recipe):
    """Keep what a layer was painted with."""
    document.setAnnotation(NOTE + id_of(layer), "Impasto", QtCore.QByteArray(recipe.to_json().encode("utf-8")))


def layer_recipe(document, layer):
    """The recipe that a layer was painted with, or None."""
    try:
        return recipes.Recipe.from_json(bytes(document.annotation(NOTE + id_of(layer)).data()).decode("utf-8"))
    except ValueError:
        return None


def save_last(krita, recipe, output, blend):
    """Keep a recipe and what became of it; one with pictures that are too large for that is not kept."""
    text = json.dumps({"recipe": recipe.to_json(), "output": output, "blend": blend})
    if len(text) <= MAX_LENGTH:
        krita.writeSetting(GROUP, NAME, text)


def load_last(krita):
    """(recipe, output, blend), or None where nothing was kept, or nothing that can be read."""
    try:
        saved = json.loads(krita.readSetting(GROUP, NAME, ""))
        recipe, output = recipes.Recipe.from_json(saved["recipe"]), saved["output"]
    except (ValueError, KeyError, TypeError):
        return None
    return (recipe, output, bool(saved.get("blend"))) if output in outputs.OUTPUTS else None

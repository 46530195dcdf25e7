"""What was painted last, kept in Krita's own settings from one session to the next."""

import json

from . import result as results
from .client import recipe as recipes

GROUP, NAME = "impasto_neural_style", "last"
LONGEST = 64 << 10
"""Characters: Krita's settings are no place for pictures."""


def remember(krita, recipe, output):
    """Keep a recipe and what became of it; one with pictures that are too large for that is not kept."""
    text = json.dumps({"recipe": recipe.to_json(), "output": output})
    if len(text) <= LONGEST:
        krita.writeSetting(GROUP, NAME, text)


def recall(krita):
    """(recipe, output), or None where nothing was kept, or nothing that can be read."""
    try:
        told = json.loads(krita.readSetting(GROUP, NAME, ""))
        recipe, output = recipes.Recipe.from_json(told["recipe"]), told["output"]
    except (ValueError, KeyError, TypeError):
        return None
    return (recipe, output) if output in results.OUTPUTS else None

"""What to paint: a procedure's arguments, and the recipe that they make."""

import json
import os

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject  # noqa: E402

from impasto_client.parameters import PARAMETERS  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from texts import _  # noqa: E402

DEFAULT_STYLE = "starry-night"
NEW_LAYER, MASKED, REPLACE = "new-layer", "masked", "replace"
FLAGS = GObject.ParamFlags.READWRITE


class Wrong(Exception):
    """A sentence about arguments that cannot be."""


class Order:
    """``recipe``: what is painted with; ``output``: what becomes of it."""

    def __init__(self, recipe, output=MASKED):
        self.recipe, self.output = recipe, output


def option(name):
    """A parameter's name as an argument's: with hyphens."""
    return name.replace("_", "-")


def add_arguments(procedure):
    """The styles, every parameter of a stylization, and what becomes of the result."""
    procedure.add_string_argument("style", _("Styles"), _("Ids of styles, separated by commas"), DEFAULT_STYLE, FLAGS)
    procedure.add_string_argument("pictures", _("Pictures"), _("Files of pictures to take the style from, one a line"), "", FLAGS)
    procedure.add_string_argument("style-weights", _("Weights"), _("How much each counts: first the ids, then the pictures"), "",
                                  FLAGS)
    for p in PARAMETERS:
        name, nick, blurb = option(p["name"]), _(p["name"].replace("_", " ").capitalize()), _(p["help"])
        if p["kind"] == "number":
            procedure.add_double_argument(name, nick, blurb, p["minimum"], p["maximum"], p["default"], FLAGS)
        elif p["kind"] == "integer":
            procedure.add_int_argument(name, nick, blurb, int(p["minimum"]), min(int(p["maximum"]), 2**31 - 1), p["default"], FLAGS)
        elif p["kind"] == "choice":
            choice = Gimp.Choice.new()
            for number, value in enumerate(p["choices"]):
                choice.add(value, number, _(value), "")
            procedure.add_choice_argument(name, nick, blurb, choice, p["default"], FLAGS)
        else:
            procedure.add_string_argument(name, nick, blurb, written(p["default"]), FLAGS)
    choice = Gimp.Choice.new()
    choice.add(MASKED, 0, _("New layer, masked by the selection"), "")
    choice.add(NEW_LAYER, 1, _("New layer"), "")
    choice.add(REPLACE, 2, _("Replace the layer's pixels"), "")
    procedure.add_choice_argument("output", _("Result"), _("What becomes of the painting"), choice, MASKED, FLAGS)


def written(value):
    """A parameter's value as one types it."""
    if isinstance(value, dict):
        return ",".join("%s:%g" % pair for pair in value.items())
    return value if isinstance(value, str) else "%g" % value


def from_config(config):
    """An :class:`Order` from a procedure's arguments. Raises :class:`Wrong`."""
    ids = [id.strip() for id in (config.get_property("style") or "").split(",") if id.strip()]
    files = [line.strip() for line in (config.get_property("pictures") or "").splitlines() if line.strip()]
    if not ids and not files:
        raise Wrong(_("Choose a style."))
    weights = [part for part in (config.get_property("style-weights") or "").split(",") if part.strip()]
    if weights and len(weights) != len(ids) + len(files):
        raise Wrong(_("There are {styles} styles but {weights} weights.").format(styles=len(ids) + len(files),
                                                                                 weights=len(weights)))
    try:
        numbers = [float(weight) for weight in weights] or [1.0] * (len(ids) + len(files))
        styles = [Style(id, title=id) for id in ids] + [picture(file) for file in files]
    except ValueError:
        raise Wrong(_("Weights are numbers, such as 2,1."))
    except OSError as error:
        raise Wrong(_("The picture {file} cannot be read: {reason}.").format(file=error.filename, reason=error.strerror))
    for style, number in zip(styles, numbers):
        style.weight = number
    values = {}
    for p in PARAMETERS:
        value, default = config.get_property(option(p["name"])), p["default"]
        if value != (written(default) if isinstance(default, dict) else default):
            values[p["name"]] = value
    return Order(Recipe(styles, values), config.get_property("output"))


def picture(file):
    """A picture's file as a style."""
    with open(file, "rb") as opened:
        return Style(picture=opened.read(), title=os.path.splitext(os.path.basename(file))[0])


def into_config(config, order, files):
    """The reverse of :func:`from_config`, so that "repeat" knows. ``files``: where each style picture lies."""
    styles = order.recipe.ordered()
    config.set_property("style", ",".join(style.id for style in styles if style.id))
    config.set_property("pictures", "\n".join(files))
    config.set_property("style-weights", ",".join("%g" % style.weight for style in styles) if len(styles) > 1 else "")
    for p in PARAMETERS:
        value = order.recipe.values.get(p["name"], p["default"])
        config.set_property(option(p["name"]), written(value) if isinstance(value, dict) else value)
    config.set_property("output", order.output)


def parasite_text(recipe):
    """What the new layer carries."""
    return recipe.to_json()


def from_parasite(text):
    """A recipe that a layer carries, or None."""
    try:
        return Recipe.from_json(text)
    except (ValueError, json.JSONDecodeError):
        return None

"""What to paint: a procedure's arguments, and the recipe that they make."""

import os
import re

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject  # noqa: E402

import pictures  # noqa: E402
from impasto_client import labels, outputs  # noqa: E402
from impasto_client.parameters import PARAMETERS  # noqa: E402
from impasto_client.recipe import Recipe, Style, text_of  # noqa: E402
from translation import _  # noqa: E402

DEFAULT_STYLE = "starry-night"
FLAGS = GObject.ParamFlags.READWRITE


class InvalidArguments(Exception):
    """A sentence about arguments that cannot be."""


class PaintOptions:
    """``recipe``: what is painted with; ``output``: what becomes of it."""

    def __init__(self, recipe, output=outputs.MASKED):
        self.recipe, self.output = recipe, output


def argument_name(name):
    """A parameter's name as an argument's: with hyphens."""
    return name.replace("_", "-")


def add_arguments(procedure):
    """The styles, every parameter of a stylization, and what becomes of the result."""
    procedure.add_string_argument(
        "style",
        _("Styles"),
        _("Ids of styles, separated by commas. Empty: starry-night, or the pictures and the layer alone."),
        "",
        FLAGS,
    )
    procedure.add_string_argument("pictures", _("Pictures"), _("Files of pictures to take the style from, one a line."), "", FLAGS)
    procedure.add_drawable_argument(
        "style-layer", _("Style layer"), _("A layer of any open image to take the style from."), True, FLAGS
    )
    procedure.add_string_argument(
        "style-weights",
        _("Weights"),
        _("How much each counts, such as 2,1: first the ids, then the pictures, then the layer. Empty: equal parts."),
        "",
        FLAGS,
    )
    names, choices = labels.names(_), labels.choices(_)
    for p in PARAMETERS:
        add_parameter(procedure, p, names[p["name"]], choices)
    choice = Gimp.Choice.new()
    for number, (name, text) in enumerate(outputs.labels(_)):
        choice.add(name, number, text, "")
    procedure.add_choice_argument("output", _("Result"), _("What becomes of the painting."), choice, outputs.MASKED, FLAGS)


def add_parameter(procedure, p, label, choices):
    """One parameter as an argument. The help is that of the docs, because scripts write the same values."""
    name, blurb = argument_name(p["name"]), _(p["help"])
    if p["kind"] == "number":
        procedure.add_double_argument(name, label, blurb, p["minimum"], p["maximum"], p["default"], FLAGS)
    elif p["kind"] == "integer":
        procedure.add_int_argument(name, label, blurb, int(p["minimum"]), int(p["maximum"]), p["default"], FLAGS)
    elif p["kind"] == "choice":
        choice = Gimp.Choice.new()
        for number, value in enumerate(p["choices"]):
            choice.add(value, number, choices[p["name"], value], "")
        procedure.add_choice_argument(name, label, blurb, choice, p["default"], FLAGS)
    else:
        procedure.add_string_argument(name, label, blurb, text_of(p["default"]), FLAGS)


def from_config(config):
    """The :class:`PaintOptions` from a procedure's arguments. Raises :class:`InvalidArguments`."""
    styles = styles_of(config)
    weights = [part.strip() for part in (config.get_property("style-weights") or "").split(",") if part.strip()]
    if weights and len(weights) != len(styles):
        raise InvalidArguments(
            _("There are {styles} styles but {weights} weights.").format(styles=len(styles), weights=len(weights))
        )
    for style, weight in zip(styles, weights, strict=False):
        try:
            style.weight = float(weight)
        except ValueError:
            raise InvalidArguments(_("Weights are numbers, such as 2,1; '{weight}' is none.").format(weight=weight))
    values = {}
    for p in PARAMETERS:
        value, default = config.get_property(argument_name(p["name"])), p["default"]
        if value != (text_of(default) if isinstance(default, dict) else default):
            values[p["name"]] = value
    return PaintOptions(Recipe(styles, values), config.get_property("output"))


def styles_of(config):
    """The styles that a procedure's arguments name: ids, then pictures, then the layer."""
    ids = [id for id in re.split(r"[,;\s]+", config.get_property("style") or "") if id]
    files = [line.strip() for line in (config.get_property("pictures") or "").splitlines() if line.strip()]
    layer = config.get_property("style-layer")
    try:
        styles = [Style(id) for id in ids] + [picture(file) for file in files]
    except OSError as error:
        raise InvalidArguments(_("The picture {file} cannot be read: {reason}.").format(file=error.filename, reason=error.strerror))
    if layer is not None:
        styles.append(Style(picture=pictures.file_of_layer(layer), title=layer.get_name()))
    return styles or [Style(DEFAULT_STYLE)]


def picture(file):
    """A picture's file as a style. Raises ``OSError``."""
    with open(os.path.expanduser(file), "rb") as opened:
        return Style(picture=opened.read(), title=os.path.splitext(os.path.basename(file))[0])


def into_config(config, options, files):
    """The reverse of :func:`from_config`, so that "repeat" knows. ``files``: where each style picture lies."""
    styles = options.recipe.ordered()
    config.set_property("style", ",".join(style.id for style in styles if style.id))
    config.set_property("pictures", "\n".join(files))
    config.set_property("style-layer", None)
    config.set_property("style-weights", ",".join("%g" % style.weight for style in styles) if len(styles) > 1 else "")
    for p in PARAMETERS:
        value = options.recipe.values.get(p["name"], p["default"])
        config.set_property(argument_name(p["name"]), text_of(value) if isinstance(value, dict) else value)
    config.set_property("output", options.output)


def from_parasite(text):
    """A recipe that a layer carries, or None."""
    try:
        return Recipe.from_json(text)
    except ValueError:
        return None

"""What a layer was painted with: enough to show it again, change it and run it again. Kept in the editor as a short JSON text."""

import base64
import json

VERSION = 1
MAX_BYTES = 8 << 20
"""A recipe that is longer, pictures included, is no recipe of ours."""


class Style:
    """One style of a recipe: a style's ``id``, or a ``picture`` (a file's bytes) called ``title``; and its ``weight``."""

    def __init__(self, id="", picture=b"", title="", weight=1.0):
        self.id, self.picture, self.title, self.weight = id, picture, title, weight

    def __eq__(self, other):
        return isinstance(other, Style) and vars(self) == vars(other)


class Recipe:
    """``styles``: a list of :class:`Style`; ``values``: parameter name -> value, only those that differ from the defaults."""

    def __init__(self, styles=(), values=None):
        self.styles, self.values = list(styles), dict(values or {})

    def __eq__(self, other):
        return isinstance(other, Recipe) and self.styles == other.styles and self.values == other.values

    def ordered(self):
        """The styles as the daemon counts them: ids first, then pictures."""
        return sorted(self.styles, key=lambda style: not style.id)

    def fields(self):
        """The form's text fields, as (name, text)."""
        styles = self.ordered()
        fields = [("style", style.id) for style in styles if style.id]
        if len(styles) > 1:
            fields.append(("style_weights", ",".join("%g" % style.weight for style in styles)))
        return fields + [(name, text_of(value)) for name, value in sorted(self.values.items())]

    def pictures(self):
        """The style pictures to send along, in their order."""
        return [style.picture for style in self.ordered() if not style.id]

    def title(self):
        """A layer's name: the styles, in words."""
        return " + ".join(style.title or style.id for style in self.styles)

    def to_json(self):
        """A text from which :meth:`from_json` makes the same recipe."""
        styles = [
            {"id": s.id, "title": s.title, "weight": s.weight, "picture": base64.b64encode(s.picture).decode("ascii")}
            for s in self.styles
        ]
        return json.dumps({"impasto": VERSION, "styles": styles, "values": self.values}, sort_keys=True)

    @staticmethod
    def from_json(text):
        """Raises ``ValueError`` for anything that is no recipe of this version."""
        if len(text) > MAX_BYTES:
            raise ValueError("too long for a recipe")
        try:
            payload = json.loads(text)
            if payload["impasto"] != VERSION or not isinstance(payload["values"], dict):
                raise ValueError("a recipe of another version")
            styles = [
                Style(str(s["id"]), base64.b64decode(s["picture"], validate=True), str(s["title"]), float(s["weight"]))
                for s in payload["styles"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no recipe") from error
        if not styles:
            raise ValueError("a recipe without a style")
        return Recipe(styles, payload["values"])


def text_of(value):
    """A parameter's value as one types it."""
    if isinstance(value, dict):
        return ",".join("%s:%g" % pair for pair in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "%g" % value if isinstance(value, float) else str(value)

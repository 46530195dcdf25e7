"""What a choice of styles and parameters will mean, as the daemon says: an editor does not work it out itself."""

from collections import namedtuple

from . import labels, messages, wire

QUICK = ("fast",)
"""Methods that paint a preview in seconds."""


class Plan(namedtuple("Plan", "method reason width height seconds refines stroke", defaults=(False, None))):
    """``method``: its name; ``reason``: why that one, a sentence; ``width``, ``height``: px at which it is painted; ``seconds``:
    what painting will take, or None where the daemon does not know yet; ``refines``: whether a style is refined on the picture
    first, which each preview of another part would begin anew; ``stroke``: px that the broadest strokes will measure, or None."""

    __slots__ = ()

    @property
    def quick(self):
        """Whether a preview takes only seconds."""
        return self.method in QUICK and not self.refines

    def scale(self, width, height):
        """How much smaller than the content, of ``width`` x ``height`` px, it is painted: above 0, at most 1."""
        return min(1.0, max(self.width, self.height) / float(max(width, height)))

    def in_words(self, width, height, translate=lambda text: text):
        """A line for people about the painting of ``width`` x ``height`` px: method, size where it is below, seconds if known."""
        parts = [labels.choices(translate).get(("method", self.method), self.method)]
        if self.width < width or self.height < height:
            text = translate("painted at {width} x {height} px and enlarged")
            parts.append(text.format(width=self.width, height=self.height))
        if self.stroke:
            parts.append(translate("strokes up to {count} px").format(count=self.stroke))
        if self.seconds:
            parts.append(messages.duration(self.seconds, translate).replace(" ", "\u00a0"))  # never broken over two lines
        return " · ".join(parts)


def read(status, body):
    """The :class:`Plan` in the response to :func:`wire.plan`. Raises :class:`wire.ApiError`."""
    payload = wire.read_json(status, body)
    return Plan(*(payload.get(name) for name in Plan._fields))

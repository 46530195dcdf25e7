"""Impasto's Neural Style for Krita 5 and 6: a docker, three actions, and :func:`paint` for scripts."""


def paint(document, node, style, **parameters):
    """Paint a layer; answers at once with a :class:`paint_task.PaintTask`, whose ``wait()`` answers the new layer.

    ``style``: a style's id, or a list of them. ``parameters``: those of docs/parameters.md; ``style_weights`` (numbers, as many
    as styles); ``output``: masked, new-layer or replace; ``blend``: whether a new layer gets the layer's blending mode and opacity.
    """
    from .scripting import paint

    return paint(document, node, style, **parameters)


def _register():
    try:
        from krita import Krita
    except ImportError:  # read by a test, not by Krita
        return
    from . import extension

    extension.register(Krita.instance())


_register()

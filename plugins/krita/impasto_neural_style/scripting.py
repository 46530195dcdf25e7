"""What scripts call: see :func:`impasto_neural_style.paint`."""

from krita import Krita

from .client import outputs
from .client import parameters as known
from .client import recipe as recipes
from .connection import Connection
from .paint_task import PaintTask
from .translation import _

_running = set()
"""Paintings that a script has started, and may have kept no reference to."""


def paint(document, node, style, style_weights=(), output=outputs.MASKED, blend=False, **values):
    """See the package. Raises ``ValueError`` for a parameter or output that does not exist."""
    names = {parameter["name"] for parameter in known.PARAMETERS}
    odd = sorted(set(values) - names)
    if odd:
        raise ValueError("no such parameter: %s" % ", ".join(odd))
    if output not in outputs.OUTPUTS:
        raise ValueError("output is one of %s" % ", ".join(outputs.OUTPUTS))
    ids = [style] if isinstance(style, str) else list(style)
    weights = list(style_weights) or [1.0] * len(ids)
    if len(weights) != len(ids):
        raise ValueError("%d styles but %d weights" % (len(ids), len(weights)))
    styles = list(map(lambda id, weight: recipes.Style(id, title=id, weight=float(weight)), ids, weights))
    painting = _painting(recipes.Recipe(styles, values), output, blend)
    painting.start(document, node)
    return painting


def again(job, title=""):
    """Insert the result of a job (its id), as the daemon has kept it, into the active document. Answers as :func:`paint` does."""
    painting = _painting(recipes.Recipe(), outputs.NEW_LAYER)
    painting.name = title or _("Neural Style")
    painting.insert_result({"id": job}, None)
    return painting


def _painting(recipe, output, blend=False):
    connection = Connection()
    painting = PaintTask(Krita.instance(), connection, recipe, output, blend=blend)
    connection.setParent(painting)
    _running.add(painting)
    painting.ended.connect(lambda: _running.discard(painting))
    return painting

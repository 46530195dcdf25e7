"""``impasto parameters``: docs/parameters.md, written from the one dataclass."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..parameters import Parameter
from ..stylization import MAX_STYLES, Stylization
from ..training import Training
from .options import HEADINGS, default_text, range_text

INTRODUCTION = f"""# Parameters of a stylization

Written by `impasto parameters` from `backend/impasto/stylization.py`; do not edit it here.

The same names and values go everywhere: form fields of the HTTP API (`-F strength=0.7`), options of the command line
(`--strength 0.7`, with hyphens instead of underscores: `--keep-colours`), and the editors' dialogs. Up to {MAX_STYLES} styles can
be mixed. A value out of its range, or a name that does not exist, is an error that names it.
"""

TRAINING = """# Parameters of a training

From `backend/impasto/training.py`; for `impasto train` and POST /v1/styles/train.

"""

TAKES = {
    "number": "number",
    "integer": "whole number",
    "choice": "choice",
    "text list": "style ids or pictures",
    "number list": "numbers, separated by commas",
    "layers": "layers with weights",
}


@click.command()
def parameters() -> None:
    """Print every parameter as a page of documentation."""
    click.echo(page(), nl=False)


def page() -> str:
    """The text of docs/parameters.md."""
    parts = [INTRODUCTION]
    for group, heading in HEADINGS.items():
        parts.append(_table(f"## {heading}", [p for p in Stylization.parameters() if p.group == group]))
    parts.append(TRAINING + _table("", Training.parameters()))
    return "\n".join(parts)


def _table(heading: str, parameters: Sequence[Parameter]) -> str:
    rows = [_row(p) for p in parameters]
    above = [heading, ""] if heading else []
    return "\n".join([*above, "| parameter | takes | default | meaning |", "|---|---|---|---|", *rows, ""])


def _row(parameter: Parameter) -> str:
    choices = " \\| ".join(f"`{c}`" for c in parameter.choices)
    takes = choices or ", ".join(filter(None, [TAKES[parameter.kind], range_text(parameter)]))
    return f"| `{parameter.name}` | {takes} | `{default_text(parameter)}` | {parameter.help} |"

"""Write the table of parameters that the plug-ins carry, from the one dataclass: plugins/client/impasto_client/parameters.py.

python tools/plugin_parameters.py           a test fails when the file is out of date
"""

from __future__ import annotations

import pprint
from pathlib import Path

from impasto.stylization import Stylization

FILE = Path(__file__).resolve().parents[1] / "plugins" / "client" / "impasto_client" / "parameters.py"

HEAD = '''"""The parameters of a stylization, as plain values. Written by tools/plugin_parameters.py; do not edit it here."""

'''


def text() -> str:
    """The file's text. The styles themselves are the plug-ins' own business."""
    rows = [
        {
            "name": p.name,
            "kind": p.kind,
            "default": p.default,
            "help": p.help,
            "group": p.group,
            "unit": p.unit,
            "minimum": p.minimum,
            "maximum": p.maximum,
            "choices": p.choices,
        }
        for p in Stylization.parameters()
        if p.name not in ("style", "style_weights")
    ]
    return f"{HEAD}PARAMETERS = {pprint.pformat(rows, width=128, sort_dicts=False)}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

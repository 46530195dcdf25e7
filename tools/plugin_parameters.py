"""Write what the plug-ins carry of the backend's tables: parameters, their labels, picture formats.

    python tools/plugin_parameters.py           a test fails when one of the files is out of date

In plugins/client/impasto_client: parameters.py and labels.py come from the one dataclass (backend/impasto/stylization.py), and
formats.py from the table of formats (backend/impasto/formats.py). Labels are written as calls, so that `tools/texts.py` finds them.
"""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from pathlib import Path

from impasto.formats import FORMATS
from impasto.stylization import MAX_STYLES, Stylization

FOLDER = Path(__file__).resolve().parents[1] / "plugins" / "client" / "impasto_client"
WRITTEN_HERE = "Written by tools/plugin_parameters.py; do not edit it here."
NEVER_TRANSLATED = {"Adam", "L-BFGS", "L2", "VGG-19", "VGG-16"}
BY_THEMSELVES = ("style", "style_weights")
"""Parameters that the plug-ins have widgets of their own for."""


def files() -> dict[Path, str]:
    """Each file and its text."""
    texts = {"parameters.py": parameters(), "labels.py": labels(), "formats.py": formats()}
    return {FOLDER / name: text for name, text in texts.items()}


def parameters() -> str:
    """What the dialogs need to know of each parameter."""
    keys = ("name", "kind", "default", "help", "group", "unit", "minimum", "maximum", "choices", "front", "widget", "step", "zero")
    rows = [{key: getattr(p, key) for key in keys} for p in Stylization.parameters() if p.name not in BY_THEMSELVES]
    table = pprint.pformat(rows, width=128, sort_dicts=False)
    head = f'"""The parameters of a stylization, as plain values. {WRITTEN_HERE}"""\n\n'
    return f'{head}MAX_STYLES = {MAX_STYLES}\n"""Styles that can be mixed."""\n\nPARAMETERS: "list[dict[str, object]]" = {table}\n'


def labels() -> str:
    """What the dialogs call the parameters and their choices."""
    rows = [p for p in Stylization.parameters() if p.name not in BY_THEMSELVES]
    choices = {(p.name, c): label for p in rows for c, label in zip(p.choices, p.choice_labels, strict=True)}
    what = "What the dialogs call the parameters and their choices. Each function takes ``_``, the editor's translation of a text."
    parts = [
        f'"""{what}\n\n{WRITTEN_HERE}\n"""\n',
        _function("names", "Parameter -> its label.", {p.name: p.label for p in rows}),
        _function("choices", "(parameter, value) -> the choice in words.", choices),
        _function("ends", "Parameter -> what the two ends of its slider mean.", {p.name: p.ends for p in rows if p.ends}),
        _function("hints", "Parameter -> a sentence or two, in the words of its choices.", {p.name: p.hint for p in rows}),
        _function("zeros", "Parameter -> what 0 stands for, where it is no number.", {p.name: p.zero for p in rows if p.zero}),
    ]
    return "\n".join(parts)


def _function(name: str, summary: str, table: Mapping[object, str | tuple[str, ...]]) -> str:
    lines = [f"\ndef {name}(_):", f'    """{summary}"""', "    return {"]
    for key, text in table.items():
        value = f"({', '.join(map(_call, text))})" if isinstance(text, tuple) else _call(text)
        lines.append(f"        {pprint.pformat(key)}: {value},")
    return "\n".join([*lines, "    }", ""])


def _call(text: str) -> str:
    return repr(text) if text in NEVER_TRANSLATED else f"_({text!r})"


def formats() -> str:
    """The picture files that the plug-ins offer to open, and how each begins."""
    rows = []
    for one in FORMATS.values():
        if one.is_image:
            rows.append((one.label, one.extensions, list(dict.fromkeys(signature[0] for signature in one.signatures))))
    head = f'"""The picture formats that a style may be in. {WRITTEN_HERE}"""\n\n'
    tail = '"""Label, file extensions, and what such files begin with: (offset, bytes)."""\n'
    return f"{head}FORMATS = {pprint.pformat(rows, width=128)}\n{tail}"


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")

"""What the tests of both editors share: reading what a script in an editor has said, and a daemon that paints nothing."""

from __future__ import annotations

SCRIPTED = (
    "from impasto.api.server import serve; from impasto.settings import Settings; from impasto.paths import Paths; "
    "settings = Settings.load(); serve(settings, Paths.of(settings), work='api.script:table')"
)
"""A program: the daemon whose jobs do what their styles' names say (tests/api/script.py)."""


def all_well(said: str, at_least: int) -> None:
    """Every case of a script has run and none has failed."""
    failed = [line for line in said.splitlines() if line.startswith("CASE FAILED")]
    assert not failed, "\n".join(line.replace("\\n", "\n") for line in failed)
    assert "ALL CASES HAVE RUN" in said, said[-4000:]
    assert said.count("CASE OK") >= at_least

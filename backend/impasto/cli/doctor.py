"""``impasto doctor``: what is here, what is missing, what to do."""

from __future__ import annotations

import dataclasses
import json
import sys

import click

from ..errors import ImpastoError
from ..paths import Paths
from ..settings import Settings
from .checks import NOTE, OK, PROBLEM, Finding, Machine, findings, public
from .configuration import Configuration

MARKS = {OK: "  ok     ", NOTE: "  note   ", PROBLEM: "PROBLEM  "}
COLOURS = {OK: "green", NOTE: "yellow", PROBLEM: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
@click.pass_obj
def doctor(configuration: Configuration, as_json: bool) -> None:
    """Look at this machine and say what is missing and what to do.

    Exits with 1 where there is a problem. Changes nothing and fetches nothing. Names no user and no machine, so that it can be
    passed on to somebody who helps.
    """
    found: list[Finding] = []
    try:
        settings = configuration.settings()
    except ImpastoError as error:  # the rest is still worth looking at
        wrong = Finding("configuration", PROBLEM, error.message, error.hint or "`impasto config path` says which file it is.")
        found.append(public(wrong))
        settings = Settings()
    found += findings(Machine(configuration, settings, Paths.of(settings)))
    healthy = all(finding.level != PROBLEM for finding in found)
    if as_json:
        click.echo(json.dumps({"healthy": healthy, "findings": [dataclasses.asdict(f) for f in found]}, indent=2))
    else:
        for finding in found:
            click.echo(click.style(MARKS[finding.level], fg=COLOURS[finding.level]) + f"{finding.topic:<15} {finding.text}")
            if finding.do:
                click.echo(" " * (len(MARKS[OK]) + 16) + "-> " + finding.do)
    if not healthy:
        sys.exit(1)

"""Help that is complete, current and fast."""

from __future__ import annotations

import dataclasses
import re

import click
import pytest
from impasto.cli import COMMANDS
from impasto.cli import impasto as root
from impasto.cli.options import default_text, range_text
from impasto.settings import Settings
from impasto.stylization import Stylization


def every_command():
    """Each command's words, groups' commands included."""
    context = click.Context(root)
    for name in COMMANDS:
        found = root.get_command(context, name)
        yield (name,)
        if isinstance(found, click.Group):
            yield from ((name, inner) for inner in found.commands)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_command_has_help(impasto, words):
    reply = impasto(*words, "--help")
    assert reply.code == 0 and reply.err == ""
    assert reply.out.startswith(f"Usage: impasto {' '.join(words)}")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_itself_says(name):
    """The list is written by hand so that it need not import; this keeps it true."""
    command = root.get_command(click.Context(root), name)
    assert COMMANDS[name].help.rstrip(".") == command.get_short_help_str(limit=200).rstrip(".")


def test_without_a_command_the_help_is_shown(impasto):
    reply = impasto()
    assert reply.code == 0
    assert all(name in reply.out for name in COMMANDS)


def test_stylize_has_every_parameter_with_its_default_range_and_choices(impasto):
    reply = impasto("stylize", "--help").out
    for parameter in Stylization.parameters():
        if parameter.name == "style":
            continue
        option = re.split(rf"(?m)^  --{parameter.name.replace('_', '-')} ", reply)[1]
        option = "".join(re.split(r"\n  --|\n\w", option)[0].split())  # lines break anywhere
        assert option.endswith(f"default:{default_text(parameter)}]")
        assert "".join(parameter.help.split()) in option
        assert "".join(range_text(parameter).split()) in option
        assert all(choice in option for choice in parameter.choices)


def test_serve_has_every_setting_with_its_default(impasto):
    reply = " ".join(impasto("serve", "--help").out.split())
    for f in dataclasses.fields(Settings):
        assert f"--{f.name.replace('_', '-')} " in reply
        assert f.metadata["help"][:30] in reply


def test_sections_keep_the_advanced_out_of_the_way(impasto):
    reply = impasto("stylize", "--help").out
    assert reply.index("The result:") < reply.index("What to paint and how:") < reply.index("Advanced:") < reply.index("Options:")
    assert reply.index("--strength") < reply.index("Advanced:") < reply.index("--tv-weight")

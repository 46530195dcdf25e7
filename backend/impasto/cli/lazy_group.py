"""A command group that knows its commands' names and one-line helps, and imports a command only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from ..errors import did_you_mean


class Entry(NamedTuple):
    """Where a command is listed, which module has it (under its own name, or ``NAME_command``), and its one line of help."""

    section: str
    module: str
    help: str


class LazyGroup(click.Group):
    """Commands by :class:`Entry`, listed in sections and in the order given."""

    def __init__(self, *arguments: Any, entries: Mapping[str, Entry], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.entries = dict(entries)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order of appearance."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self.entries:
            return None
        module = importlib.import_module(self.entries[cmd_name].module)
        return getattr(module, f"{cmd_name}_command", None) or getattr(module, cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As usual, but a slip of the finger is told the nearest name."""
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            near = did_you_mean(args[0], self.entries)
            raise click.UsageError(f"There is no command '{args[0]}'." + (f" {near}" if near else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in ``--help``, without importing any."""
        for section in dict.fromkeys(entry.section for entry in self.entries.values()):
            with formatter.section(section):
                formatter.write_dl([(name, entry.help) for name, entry in self.entries.items() if entry.section == section])

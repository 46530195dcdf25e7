"""Options that derive from the tables: settings and parameters of a stylization become options without being written again."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ..parameters import BASIC, Parameter, plain
from ..settings import Settings, accepted_values
from ..stylization import Stylization
from ..training import Training
from .configuration import settings_of

Function = Callable[..., Any]

METAVARS = {
    "int": "N",
    "float": "N",
    "str": "TEXT",
    "list[str]": "A,B",
    "dict[str, str]": "{A: B}",
    "integer": "N",
    "number": "X",
    "number list": "X,X",
    "layers": "LAYER:X,LAYER:X",
}


class SectionedOption(click.Option):
    """An option that knows under which heading of ``--help`` it stands."""

    def __init__(self, *arguments: Any, section: str = "Options", **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose ``--help`` shows its options under headings, in the order in which those appear."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; options without a heading of their own (such as --help) come last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "section", "Options"), []).append(record)
        sections["Options"] = sections.pop("Options", [])
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=26)


SETTINGS = "Settings of this process"
"""The heading over the few settings of a command that takes not all of them."""

TOKEN_IS_SEEN = (
    "warning: everybody on this machine can read --token in the list of processes. Set IMPASTO_TOKEN instead, or token in the "
    "configuration file."
)

# -- settings --------------------------------------------------------------------------------------------------------


def with_settings(*names: str) -> Callable[[Function], Function]:
    """Give a command the keyword ``settings``, and an option for each setting in ``names``."""
    known = {f.name: f for f in dataclasses.fields(Settings)}

    def decorate(command: Function) -> Function:
        @click.pass_context
        @functools.wraps(command)
        def run(context: click.Context, /, **values: Any) -> Any:
            flags = {name: values.pop(name) for name in names}
            if flags.get("token"):
                click.echo(TOKEN_IS_SEEN, err=True)
            return command(settings=settings_of(context, flags), **values)

        wrapped: Function = run
        section = ""
        options = []
        for f in known.values():
            section = f.metadata.get("section", section)
            if f.name in names:
                options.append(_setting_option(f, section if len(names) == len(known) else SETTINGS))
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def all_settings() -> tuple[str, ...]:
    """The name of every setting."""
    return tuple(f.name for f in dataclasses.fields(Settings))


def _setting_option(f: dataclasses.Field[Any], section: str) -> Callable[[Function], Function]:
    flag = f.name.replace("_", "-")
    facts = [accepted_values(f), f"default: {_default_text(getattr(Settings(), f.name))}"]
    help = f"{f.metadata['help']} [{'; '.join(fact for fact in facts if fact)}]"
    if str(f.type) == "bool":
        return click.option(f"--{flag}/--no-{flag}", f.name, cls=SectionedOption, section=section, default=None, help=help)
    return click.option(
        f"--{flag}", f.name, cls=SectionedOption, section=section, default=None, metavar=METAVARS[str(f.type)], help=help
    )


def _default_text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value or value == 0 else "empty"


# -- stylization -----------------------------------------------------------------------------------------------------

HEADINGS = {"basic": "What to paint and how", "advanced": "Advanced"}


def with_stylization(command: Function) -> Function:
    """Give a command the keyword ``parameters``: those that the caller named, as texts for `Stylization.parse`.

    ``style`` is left out: it is the command's argument.
    """
    return _with_parameters([p for p in Stylization.parameters() if p.name != "style"], command)


def with_training(command: Function) -> Function:
    """Give a command the keyword ``parameters``: those that the caller named, as texts for `Training.converted`."""
    return _with_parameters(Training.parameters(), command)


def _with_parameters(options: Sequence[Parameter], command: Function) -> Function:
    @functools.wraps(command)
    def run(**values: Any) -> Any:
        given = {p.name: values.pop(p.name) for p in options}
        return command(parameters={name: value for name, value in given.items() if value is not None}, **values)

    wrapped: Function = run
    for parameter in reversed(options):
        wrapped = _parameter_option(parameter)(wrapped)
    return wrapped


def _parameter_option(parameter: Parameter) -> Callable[[Function], Function]:
    metavar = "|".join(parameter.choices) if parameter.choices else METAVARS[parameter.kind]
    facts = [range_text(parameter), f"default: {default_text(parameter)}"]
    return click.option(
        f"--{parameter.name.replace('_', '-')}",
        parameter.name,
        cls=SectionedOption,
        default=None,
        metavar=metavar,
        section=HEADINGS[parameter.group if parameter.group in HEADINGS else BASIC],
        help=f"{parameter.help} [{'; '.join(fact for fact in facts if fact)}]",
    )


def range_text(parameter: Parameter) -> str:
    """``0 to 1``, ``64 to 4096 px``; empty where there is no range."""
    if parameter.minimum is None or parameter.maximum is None:
        return ""
    return f"{plain(parameter.minimum)} to {plain(parameter.maximum)}" + (f" {parameter.unit}" if parameter.unit else "")


def default_text(parameter: Parameter) -> str:
    """The default as one would type it."""
    value = parameter.default
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{plain(weight)}" for name, weight in value.items())
    if isinstance(value, (tuple, list)):
        return ",".join(map(str, value)) or "empty"
    return plain(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)

"""The command line. Each command lives in a file of its own and is imported only when it runs, so that ``impasto --help``
and ``impasto auth`` answer at once, and torch is imported by nothing that does not paint."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from .. import __version__
from ..errors import Cancelled, ImpastoError
from .configuration import Configuration
from .lazy_group import Entry, LazyGroup

INTERRUPTED = 130

COMMANDS = {
    "stylize": Entry("Painting", "impasto.cli.stylize", "Paint a picture in the style of others."),
    "show": Entry("Painting", "impasto.cli.show", "Print the recipe by which a picture was painted."),
    "styles": Entry("Painting", "impasto.cli.styles", "The styles: those that ship with Impasto, and your own."),
    "train": Entry("Painting", "impasto.cli.train", "Learn paintings as fast styles."),
    "models": Entry("Painting", "impasto.cli.models", "The networks that see: list, fetch and check them."),
    "parameters": Entry("Painting", "impasto.cli.parameters", "Print every parameter as a page of documentation."),
    "serve": Entry("The daemon", "impasto.cli.serve", "Run the daemon until Ctrl-C."),
    "url": Entry("The daemon", "impasto.cli.daemon", "Print the running daemon's address."),
    "auth": Entry("The daemon", "impasto.cli.daemon", "Print the header that lets a request in."),
    "open": Entry("The daemon", "impasto.cli.daemon", "Open the studio page in the browser, signed in."),
    "stop": Entry("The daemon", "impasto.cli.daemon", "End the running daemon."),
    "jobs": Entry("The daemon", "impasto.cli.jobs", "What the daemon paints: list, show, cancel, move, pause, finish, keep, save."),
    "plugins": Entry("Set-up", "impasto.cli.plugins", "The plug-ins for GIMP and Krita: install, remove, look, zip."),
    "doctor": Entry("Set-up", "impasto.cli.doctor", "Look at this machine and say what is missing and what to do."),
    "config": Entry("Set-up", "impasto.cli.config", "The settings in force, and the file that they come from."),
    "demo": Entry("Set-up", "impasto.cli.demo", "Start a daemon and let it paint the example."),
}


@click.group(cls=LazyGroup, entries=COMMANDS, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration file to read instead of IMPASTO_CONFIG or your own one (`impasto config path`).",
)
@click.option("--debug", is_flag=True, help="Show Python's traceback when something goes wrong.")
@click.version_option(__version__, "-V", "--version", message="impasto %(version)s")
@click.pass_context
def impasto(context: click.Context, file: Path | None, debug: bool) -> None:
    """Neural style transfer for GIMP, Krita and curl.

    \b
    impasto stylize photo.jpg starry-night -o painted.png
    impasto serve
    """
    context.obj = Configuration(file)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0, 1 where something failed, 2 where the caller was wrong, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows a question mark instead of failing
    try:
        sys.exit(_run(arguments) or 0)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)


def _run(arguments: list[str]) -> int | None:
    try:
        return impasto.main(args=arguments, prog_name="impasto", standalone_mode=False)
    except Cancelled as error:
        click.echo(error.message, err=True)
        return INTERRUPTED
    except ImpastoError as error:
        if "--debug" in arguments:
            raise
        return complain(error.message, error.hint, caller=error.status < 500)
    except click.ClickException as error:
        return _usage(error)
    except click.Abort:
        raise
    except Exception as error:
        if "--debug" in arguments:
            raise
        return complain(
            f"Something went wrong inside Impasto ({type(error).__name__}).",
            "`impasto --debug ...` with the same arguments shows where.",
            caller=False,
        )


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context:  # a group without a command: its help says it all
        click.echo(context.get_help(), err=True)
        return 2
    hint = f"`{context.command_path} --help` lists what it takes." if context else ""
    return complain(error.format_message(), hint, caller=isinstance(error, click.UsageError) or error.exit_code == 2)


def complain(message: str, hint: str = "", *, caller: bool) -> int:
    """Say what went wrong, once, on standard error. Returns the exit code: 2 where the caller can put it right, else 1."""
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return 2 if caller else 1

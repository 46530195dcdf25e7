"""``impasto plugins``: into GIMP and Krita, out of them again, and what is there."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

import click

from .. import editors
from ..editors import GIMP, KRITA, TITLES, Bundle, Editor, State
from ..errors import InvalidParameter, NotFound
from ..paths import Paths
from .configuration import CONFIG_VARIABLE, Configuration, settings_of

ALL = "all"
LANGUAGES = {"de": "German", "fr": "French"}
NOT_KEPT = ("IMPASTO_TOKEN", CONFIG_VARIABLE)
"""Variables that are not written down beside a plug-in: a secret, and what becomes a part of the command."""

_editor = click.argument("editor", type=click.Choice([GIMP, KRITA, ALL]), default=ALL)
_folder = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The editor's folder for plug-ins, where it is not found: GIMP's `plug-ins`, Krita's `pykrita`.",
)


@click.group()
def plugins() -> None:
    """The plug-ins for GIMP and Krita: install, remove, look, zip."""


@plugins.command()
@_editor
@_folder
@click.pass_context
def install(context: click.Context, editor: str, folder: Path | None) -> None:
    """Put the plug-in into every GIMP 3 or Krita of yours, or bring it up to date.

    Nothing that Impasto did not put there is overwritten.
    """
    launch = launch_of(context.find_object(Configuration) or Configuration(), Paths.of(settings_of(context)))
    for kind, found in _find_editors(editor, folder).items():
        made = editors.bundle(kind)
        for place in found:
            before = editors.install(place, made, launch)
            click.echo("\n".join(installed(place, made, before)))


@plugins.command()
@_editor
@_folder
def uninstall(editor: str, folder: Path | None) -> None:
    """Take the plug-in out again. Your styles, results and settings stay."""
    for kind, found in _find_editors(editor, folder).items():
        made = editors.bundle(kind)
        for place in found:
            before = editors.uninstall(place, made)
            if before.ours:
                click.echo(f"{place.title}: the plug-in is gone from {place.plugins}.")
            else:
                click.echo(f"{place.title}: no plug-in was in {place.plugins}.")


@plugins.command()
@click.argument("editor", type=click.Choice([GIMP, KRITA, ALL]), default=ALL)
@_folder
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
def status(editor: str, folder: Path | None, as_json: bool) -> None:
    """Which editors are here, which plug-in each has, and whether it is up to date."""
    rows = []
    for kind, found in _find_editors(editor, folder, missing_is_wrong=False).items():
        made = editors.bundle(kind)
        rows += [(place, editors.state(place, made)) for place in found]
        if not found and not as_json:
            click.echo(f"{TITLES[kind]} was not found. {_searched_places(kind)}")
    if as_json:
        click.echo(json.dumps([_plain(place, state) for place, state in rows], indent=2))
        return
    for place, state in rows:
        click.echo(f"{place.title}, {place.plugins}\n    {describe_state(place, state)}")


@plugins.command("zip")
@click.argument("editor", type=click.Choice([GIMP, KRITA]))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file. [default: impasto-EDITOR.zip]")
@click.option("--overwrite", "--force", is_flag=True, help="Replace the file if it exists.")
def zip_command(editor: str, output: Path | None, overwrite: bool) -> None:
    """Write a zip for people without the command line.

    GIMP's is unpacked into its folder for plug-ins; Krita takes it with Tools > Scripts > Import Python Plugin from File.
    """
    from .output import check_place, write_bytes

    file = output or Path(f"impasto-{editor}.zip")
    check_place(file, overwrite=overwrite)
    data = io.BytesIO()
    editors.write_zip(editors.bundle(editor), data)
    write_bytes(file, data.getvalue())
    how = {
        GIMP: "Unpack it into GIMP's folder for plug-ins (Edit > Preferences > Folders > Plug-ins shows it), then restart GIMP.",
        KRITA: "In Krita: Tools > Scripts > Import Python Plugin from File, then restart Krita.",
    }
    click.echo(f"Wrote {file}, {len(data.getvalue()) / 1000:.0f} kB. {how[editor]}")


def launch_of(configuration: Configuration, paths: Paths) -> dict[str, Any]:
    """What is written down beside a plug-in: how this Impasto's daemon is started, and where it will be found."""
    config = ["--config", str(configuration.file.absolute())] if configuration.file else []
    kept = {name: value for name, value in os.environ.items() if name.startswith("IMPASTO_") and name not in NOT_KEPT}
    return {
        "serve": [*_program(), *config, "serve"],
        "runtime": str(paths.runtime_file.absolute()),
        "log": str((paths.data / "daemon.log").absolute()),
        "environment": kept,
    }


def _program() -> list[str]:
    """The command that runs now, by its full path; python -m looks into the current folder first, so it is the second choice."""
    name = "impasto.exe" if os.name == "nt" else "impasto"
    scripts = (Path(sysconfig.get_path("scripts")) / name, Path(sys.argv[0]).absolute())
    script = next((file for file in scripts if file.name == name and file.is_file()), None)
    return [str(script)] if script else [sys.executable, "-m", "impasto.cli"]


def _find_editors(editor: str, folder: Path | None, missing_is_wrong: bool = True) -> dict[str, list[Editor]]:
    """The places that a command is about, by editor. Raises :class:`NotFound` where there is none."""
    if folder is not None:
        if editor == ALL:
            raise InvalidParameter("--folder is the folder of one editor.", hint="Say which: gimp or krita.", field="folder")
        place = folder.expanduser().absolute()
        known = [found for found in editors.find(editor) if found.plugins == place]
        return {editor: known or [Editor(editor, "", editors.NAMED, place)]}
    found = {kind: editors.find(kind) for kind in ((GIMP, KRITA) if editor == ALL else (editor,))}
    if missing_is_wrong and not any(found.values()):
        names = ("Neither " if len(found) > 1 else "") + " nor ".join(TITLES[kind] for kind in found)
        raise NotFound(f"{names} was found.", hint=" ".join(_searched_places(kind) for kind in found))
    return found


def _searched_places(kind: str) -> str:
    return (
        f"Looked for {TITLES[kind]} in: {', '.join(editors.searched_places(kind))}. If it is elsewhere, name its folder for "
        f"plug-ins: impasto plugins install {kind} --folder DIR"
    )


def installed(place: Editor, made: Bundle, before: State) -> list[str]:
    """What an installation has done, in sentences."""
    what = {
        editors.ABSENT: "installed",
        editors.CURRENT: "up to date; put there afresh",
        editors.CHANGED: "repaired: files had been changed or were missing",
        editors.OTHER: f"brought up to date from {before.version}",
    }[before.state]
    lines = [f"{place.title}: {what}, in {before.folder}."]
    if place.kind == GIMP:
        lines.append("    Restart GIMP if it is open; then: Filters > Neural Style.")
    elif place.settings:
        switched = "" if before.switched_on else f" It is switched on in {place.settings}."
        lines.append(f"    Restart Krita if it is open; then: Settings > Dockers > Neural Style.{switched}")
    else:
        lines.append("    Switch it on in Krita: Settings > Configure Krita > Python Plugin Manager. Then restart Krita.")
    return lines + [f"    {note}" for note in _notes(place)]


def _notes(place: Editor) -> list[str]:
    """What a sandboxed editor cannot do by itself."""
    if place.packaging == "flatpak":
        return [
            "A Flatpak may not start programs outside: run `impasto serve` before you paint, or allow it once and for all: "
            f"flatpak override --user --talk-name=org.freedesktop.Flatpak {editors.FLATPAK_IDS[place.kind]}"
        ]
    if place.packaging == "snap":
        return ["A Snap sees no hidden folders of your home, so it cannot find the daemon yet: docs/plugins.md says what to do."]
    return []


def describe_state(place: Editor, state: State) -> str:
    """What is installed, in a sentence or two."""
    install = f"`impasto plugins install {place.kind}`"
    version = f"Version {state.version}"
    sentence = {
        editors.ABSENT: f"Not installed: {install}.",
        editors.FOREIGN: f"{state.folder.name} is there, but Impasto did not put it there.",
        editors.CURRENT: f"{version}, up to date.",
        editors.OTHER: f"{version}, not that of this Impasto; {install} brings it up to date.",
        editors.CHANGED: f"{version}, but files were changed or are missing; {install} repairs it.",
    }[state.state]
    if state.ours:
        sentence += " Languages: " + ", ".join(["English", *(LANGUAGES.get(name, name) for name in state.languages)]) + "."
        if state.switched_on is False:
            sentence += " It is switched off in Krita: Settings > Configure Krita > Python Plugin Manager."
    return sentence


def _plain(place: Editor, state: State) -> dict[str, Any]:
    parts = {"editor": dataclasses.asdict(place), "plugin": dataclasses.asdict(state)}
    return {
        part: {name: str(value) if isinstance(value, Path) else value for name, value in row.items()} for part, row in parts.items()
    }

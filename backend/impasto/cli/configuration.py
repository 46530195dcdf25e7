"""Which settings a command works with: the file named by --config (else IMPASTO_CONFIG, else the user's own, where there
is one), then the environment, then the command's flags."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..paths import user_config
from ..settings import Settings, layers

CONFIG_VARIABLE = "IMPASTO_CONFIG"


@dataclass(frozen=True)
class Configuration:
    """The layers below a command's own flags. ``named``: the file of --config."""

    named: Path | None = None

    @property
    def file(self) -> Path | None:
        """The configuration file in force, or None. One that was named counts even if it does not exist: reading it says so."""
        if self.named is not None:
            return self.named
        if os.environ.get(CONFIG_VARIABLE):
            return Path(os.environ[CONFIG_VARIABLE]).expanduser()
        return user_config() if user_config().is_file() else None

    def settings(self, flags: Mapping[str, Any] | None = None) -> Settings:
        """The settings with ``flags`` on top. Raises :class:`SettingsError`."""
        return Settings.load(file=self.file, flags=flags)

    def origins(self) -> dict[str, str]:
        """For each setting the layer that its value comes from: default, file or environment."""
        found = dict.fromkeys((f.name for f in dataclasses.fields(Settings)), "default")
        for layer, values in layers(file=self.file):
            found.update(dict.fromkeys(values, layer))
        return found


def settings_of(context: click.Context, flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of the command that ``context`` belongs to; a caller may have put a ready `Settings` there."""
    ready = context.find_object(Settings)
    if ready is not None:
        return ready
    return (context.find_object(Configuration) or Configuration()).settings(flags)

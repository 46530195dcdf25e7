"""Where things live on each system.

Everything but the runtime file moves with the settings ``data_dir`` and ``weights_dir``. The runtime file stays in one
place that the editors' plug-ins can compute with the standard library alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from .settings import Settings


@dataclass(frozen=True)
class Paths:
    """The daemon's folders. Naming them makes none."""

    data: Path
    weights: Path
    drop_in: Path
    runtime: Path

    @classmethod
    def of(cls, settings: Settings) -> Paths:
        """The folders that ``settings`` name, or the system's own places."""
        home = Path(platformdirs.user_data_dir("impasto", appauthor=False))
        data = Path(settings.data_dir).expanduser() if settings.data_dir else home
        weights = Path(settings.weights_dir).expanduser() if settings.weights_dir else data / "weights"
        drop_in = Path(settings.drop_in_dir).expanduser() if settings.drop_in_dir else weights / "drop-in"
        runtime = Path(os.environ["IMPASTO_RUNTIME_DIR"]) if os.environ.get("IMPASTO_RUNTIME_DIR") else home / "run"
        return cls(data=data, weights=weights, drop_in=drop_in, runtime=runtime)

    @property
    def jobs(self) -> Path:
        """One folder per job."""
        return self.data / "jobs"

    @property
    def workers(self) -> Path:
        """Which processes the daemon's workers are."""
        return self.data / "workers"

    @property
    def database(self) -> Path:
        """The SQLite file that is the truth about jobs."""
        return self.data / "jobs.sqlite3"

    @property
    def logs(self) -> Path:
        """What the workers said."""
        return self.data / "logs"

    @property
    def styles(self) -> Path:
        """The user's own style pictures."""
        return self.data / "styles"

    @property
    def refined(self) -> Path:
        """Embeddings that have been refined for a picture."""
        return self.data / "refined"

    @property
    def private(self) -> tuple[Path, ...]:
        """What tells of the user's pictures: nobody else may look into it, whoever may look into the data folder."""
        return self.jobs, self.workers, self.logs, self.styles, self.refined

    @property
    def runtime_file(self) -> Path:
        """url, token, pid and instance id of the running daemon (0600 in a 0700 folder)."""
        return self.runtime / "daemon.json"


def shipped(*parts: str) -> Path:
    """A file of the project's `models/` folder, in a checkout or in an installed wheel."""
    return bundled("models", *parts)


def bundled(folder: str, *parts: str) -> Path:
    """A file of one of the project's folders that a wheel carries inside the package, under an underscore."""
    package = Path(__file__).resolve().parent
    installed = package / f"_{folder}"
    root = installed if installed.is_dir() else package.parents[1] / folder
    return root.joinpath(*parts)


def user_config() -> Path:
    """The configuration file that is read when none is named and it exists."""
    return Path(platformdirs.user_config_dir("impasto", appauthor=False)) / "config.yaml"

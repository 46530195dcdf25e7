"""Every setting of the daemon and the command line: one table, one validated object.

Order of precedence: defaults here < configuration file < environment (``IMPASTO_PORT``...) < command-line flags.
`config.yaml` at the top of the project shows each key with its default and help; a test keeps the two equal.
"""

from __future__ import annotations

import dataclasses
import os
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import SettingsError, did_you_mean

ENVIRONMENT_PREFIX = "IMPASTO_"
MAX_SHOWN = 80


def _setting(default: Any, help: str, **spec: Any) -> Any:
    metadata = {"help": help, **spec}
    if isinstance(default, (dict, list)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All settings. Numbers carry their range in the field's metadata; units are part of the name."""

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on. Anything but loopback needs a token of your own.",
        section="Where it listens, and to whom",
    )
    port: int = _setting(
        0, "Port to listen on; 0 takes a free one (clients find it through the runtime file).", minimum=0, maximum=65535
    )
    token: str = _setting("", "Token that clients must send; empty makes a new random one at every start.")
    allowed_hosts: list[str] = _setting(
        [], "Further names under which the daemon may be addressed, besides localhost and its own address."
    )
    allowed_origins: list[str] = _setting([], "Web origins (https://example.org) that may call the API from a browser.")
    threads: int = _setting(
        80, "Requests served at once; all but four of them may wait for jobs or bring pictures.", minimum=4, maximum=256
    )
    max_connections: int = _setting(
        128, "Connections held at once; beyond that, those that have been silent longest are closed.", minimum=16, maximum=4096
    )
    idle_connection_s: int = _setting(75, "Seconds after which a silent connection is closed.", minimum=5, maximum=3600)
    header_timeout_s: int = _setting(20, "Seconds within which a request's headers must have come.", minimum=1, maximum=600)
    slowest_upload_kb_s: float = _setting(
        4,
        "Uploads slower than so many kB a second on average are given up, after half a minute's grace; 0 waits for all.",
        minimum=0,
        maximum=100000,
    )

    max_upload_mb: int = _setting(512, "Largest request body, in MB.", minimum=1, maximum=16384, section="What may come in")
    max_header_kb: int = _setting(32, "Longest request line and headers together, in kB.", minimum=4, maximum=1024)
    max_form_parts: int = _setting(64, "Most parts of a form, pictures and fields together.", minimum=8, maximum=1000)
    # Werkzeug holds every part, files too, to this while it looks for the part's end, in blocks of 64 kB on top of what the last
    # block left over: with 64 kB here, larger pictures would be refused whenever a block ends near what looks like a boundary.
    max_form_field_kb: int = _setting(256, "Longest text field of a form, in kB.", minimum=128, maximum=16384)
    max_megapixels: int = _setting(150, "Largest picture, in megapixels.", minimum=1, maximum=2000)
    max_style_megapixels: int = _setting(
        64, "Largest picture that is kept as a style, in megapixels; it is unpacked as a whole.", minimum=1, maximum=2000
    )
    queue_limit: int = _setting(64, "Jobs that may wait; more are refused until some are done.", minimum=1, maximum=10000)

    device: str = _setting("auto", "auto, cpu, cuda, cuda:1 or mps.", section="The device")
    precision: str = _setting(
        "auto",
        "auto uses bf16 where the device computes with it; fast styles on a CPU are fp32 even then, unless bf16 is named.",
        choices=("auto", "fp32", "bf16"),
    )
    cpu_threads: int = _setting(0, "Threads for computing on the CPU; 0 takes all cores.", minimum=0, maximum=1024)
    keep_alive_s: int = _setting(
        300, "Seconds after which an idle worker gives its memory back; 0 keeps it for ever.", minimum=0, maximum=604800
    )
    worker_silence_s: int = _setting(
        60,
        "Seconds without a sign of life, computing included, after which a worker is taken for hung and ended.",
        minimum=5,
        maximum=86400,
    )
    checkpoint_s: float = _setting(
        15,
        "Seconds between checkpoints of iterative paintings and trainings: as much work is lost with a crash.",
        minimum=1,
        maximum=30,
    )
    when_memory_is_short: str = _setting(
        "refuse",
        "What becomes of a painting that does not fit into memory at the resolution asked for: refuse fails it with a "
        "sentence, shrink paints it smaller and says so.",
        choices=("refuse", "shrink"),
    )
    auto_resolution_cpu: int = _setting(512, "Long side, in px, that resolution 0 means on the CPU.", minimum=64, maximum=16384)
    auto_resolution_gpu: int = _setting(1536, "Long side, in px, that resolution 0 means on a GPU.", minimum=64, maximum=16384)
    preview_interval_s: float = _setting(2.0, "Seconds between previews of a running job.", minimum=0.1, maximum=600)

    data_dir: str = _setting(
        "", "Folder for jobs and styles; empty takes the system's place for application data.", section="Storage"
    )
    weights_dir: str = _setting("", "Folder for encoder weights; empty puts them under the data folder.")
    drop_in_dir: str = _setting(
        "", "Folder in which weight files put there by hand are looked for first; empty: drop-in under the weights folder."
    )
    photos_dir: str = _setting("", "Folder of photographs to train fast styles on; empty: the few that ship with Impasto.")
    result_hours: float = _setting(
        72, "Hours of the daemon's running for which finished jobs and their pictures are kept.", minimum=0.01, maximum=87600
    )
    disk_quota_mb: int = _setting(
        20000,
        "Room for jobs' pictures and own styles, in MB: beyond it, results that were fetched go, the oldest first; 0 is no limit.",
        minimum=0,
        maximum=100_000_000,
    )

    strip_metadata: bool = _setting(
        False, "Leave EXIF, XMP, resolution and recipe out of results where a request says nothing of it (strip)."
    )

    offline: bool = _setting(False, "Never fetch anything.", section="Downloads")
    mirrors: dict[str, str] = _setting(
        {}, "Address prefixes to replace, such as {'https://download.pytorch.org/': 'https://mirror.example/'}."
    )
    download_timeout_s: float = _setting(60, "Seconds without a byte after which a download is retried.", minimum=1, maximum=3600)

    log_level: str = _setting("info", "How much is logged.", choices=("debug", "info", "warning", "error"), section="Talking")

    @classmethod
    def load(
        cls, file: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
    ) -> Settings:
        """Settings from all layers. Raises :class:`SettingsError` naming the layer, the key and the nearest right one."""
        return cls(**{key: value for _, values in layers(file, environment, flags) for key, value in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain types."""
        return dataclasses.asdict(self)


def layers(
    file: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """What each layer above the defaults sets, checked, weakest first: ``file``, ``environment``, ``command line``."""
    environment = os.environ if environment is None else environment
    from_file = _read_file(file) if file is not None else {}
    from_environment = {k[len(ENVIRONMENT_PREFIX) :].lower(): v for k, v in environment.items() if k.startswith(ENVIRONMENT_PREFIX)}
    from_environment = {k: v for k, v in from_environment.items() if k not in _NOT_SETTINGS}
    from_flags = {k: v for k, v in (flags or {}).items() if v is not None}
    return [
        ("file", _checked(from_file, f"in {file.name}" if file else "")),
        ("environment", _checked(from_environment, "in the environment", prefix=ENVIRONMENT_PREFIX)),
        ("command line", _checked(from_flags, "on the command line")),
    ]


def template() -> str:
    """A configuration file that says of every setting what it means and what its default is; `config.yaml` is this text."""
    lines = [
        "# Impasto's settings, each with its default. Order: this file < environment (IMPASTO_PORT=8737) "
        "< command-line flags (--port 8737).",
        "# A wrong key or value is an error that names it.",
    ]
    for f in dataclasses.fields(Settings):
        if "section" in f.metadata:
            lines += ["", f"# -- {f.metadata['section']}"]
        accepted = accepted_values(f)
        lines.append(f"# {f.metadata['help']}" + (f" ({accepted})" if accepted else ""))
        lines.append(yaml.safe_dump({f.name: getattr(Settings(), f.name)}, default_flow_style=False).strip())
    return "\n".join(lines) + "\n"


def accepted_values(f: dataclasses.Field[Any]) -> str:
    """A setting's range or choices in a few signs; empty where anything of its type goes."""
    if f.metadata.get("choices"):
        return " | ".join(f.metadata["choices"])
    return f"{f.metadata['minimum']:g} to {f.metadata['maximum']:g}" if "minimum" in f.metadata else ""


_NOT_SETTINGS = {"config", "runtime_dir"}
"""Environment names that say where to look rather than how to behave."""


def _read_file(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _StrictLoader)
    except OSError as error:
        raise SettingsError(f"The configuration file {file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise SettingsError(f"{file.name} is nested too deeply for a configuration.") from None
    except (ValueError, OverflowError):
        raise SettingsError(f"{file.name} has a number or a date that cannot be read.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{file.name} must be a list of 'name: value' lines.")
    return content


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is there twice: the second would silently count."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key.value}' is there twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def _shown(value: Any) -> str:
    """A value for a sentence, however long it is."""
    try:
        text = repr(value) if isinstance(value, (str, bool, int, float, type(None))) else reprlib.repr(value)
    except ValueError:  # a number that Python does not write out
        return "a number without end"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _checked(values: Mapping[Any, Any], where: str, prefix: str = "") -> dict[str, Any]:
    known = {f.name: f for f in dataclasses.fields(Settings)}
    checked = {}
    for key, value in values.items():
        if key not in known:
            name = _shown(key).strip("'")
            shown = prefix + name.upper() if prefix else name
            raise SettingsError(f"There is no setting '{shown}' ({where}).", field=name, hint=did_you_mean(name, known))
        checked[key] = _convert(known[key], value, where)
    return checked


def _convert(f: dataclasses.Field[Any], value: Any, where: str) -> Any:
    wanted = str(f.type)
    try:
        if value is None:
            raise ValueError
        result: Any = _CONVERT[wanted](value)
        low, high, choices = (f.metadata.get(k) for k in ("minimum", "maximum", "choices"))
        if (low is not None and not low <= result <= high) or (choices and result not in choices):
            raise ValueError
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, yaml.YAMLError):
        raise SettingsError(
            f"The setting {f.name} is {_shown(value)} ({where}), but must be {_accepts(f)}.", field=f.name
        ) from None
    return result


def _accepts(f: dataclasses.Field[Any]) -> str:
    if f.metadata.get("choices"):
        return "one of " + ", ".join(f.metadata["choices"])
    noun = {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "str": "a text",
        "list[str]": "a list of texts",
        "dict[str, str]": "pairs of 'text: text'",
    }[str(f.type)]
    return noun + (f" from {f.metadata['minimum']:g} to {f.metadata['maximum']:g}" if "minimum" in f.metadata else "")


def _int(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise ValueError
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(value)


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    return words[str(value).lower()]


def _text(value: Any) -> str:
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise ValueError
    return str(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return [_text(part) for part in value] if isinstance(value, (list, tuple)) else _fail()


def _pairs(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        value = yaml.safe_load(value)
    return {_text(k): _text(v) for k, v in value.items()} if isinstance(value, Mapping) else _fail()


def _fail() -> Any:
    raise ValueError


_CONVERT = {"int": _int, "float": _float, "bool": _bool, "str": _text, "list[str]": _texts, "dict[str, str]": _pairs}

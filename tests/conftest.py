"""What all tests share: folders that are not the user's, and one real encoder that is fetched once.

`TEST_WEIGHTS` names a folder with weights to use instead of fetching them into `.cache/`.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from impasto.errors import WeightsUnavailable
from impasto.models import Catalogue, ModelStore
from impasto.paths import Paths
from impasto.settings import Settings

TESTS = Path(__file__).resolve().parent
CACHE = TESTS.parent / ".cache"

SLOW_FOLDERS = ("attacks", "reliability")
"""Whole kinds of tests that `make test-fast` leaves out: attacks on a running daemon, and daemons that are killed."""

LONGEST = ("plugins", "reliability", "worker", "attacks")
"""The folders whose files take longest."""

_weights = ""


def pytest_configure(config: pytest.Config) -> None:
    """Nothing that the developer has set for her own daemon reaches a test. Threads that wait sleep, as in a worker."""
    global _weights
    _weights = os.environ.get("TEST_WEIGHTS", "")
    for name in [n for n in os.environ if n.startswith("IMPASTO_")]:
        del os.environ[name]
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "PYTEST_XDIST_WORKER" in os.environ:  # one process a core: more threads would only wait for each other
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out as a whole is not even read: it takes seconds."""
    left_out = config.option.markexpr == "not slow" and collection_path.parent == TESTS and collection_path.name in SLOW_FOLDERS
    return left_out or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the slow kinds get the mark that single slow tests and files have in their source. In several processes the files
    that take minutes come first: one that came last would have a process to itself."""
    for item in items:
        if _folder(item) in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: LONGEST.index(_folder(item)) if _folder(item) in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What has been imported by now stays. Python's collector would look through all of it again and again, a tenth of the time."""
    gc.collect()
    gc.freeze()


def _folder(item: pytest.Item) -> str:
    """The folder of tests/ that it is in."""
    return item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""


@pytest.fixture(scope="session", autouse=True)
def no_real_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Data and runtime files go to a temporary folder wherever a test forgets to say so."""
    home = tmp_path_factory.mktemp("impasto")
    os.environ["IMPASTO_RUNTIME_DIR"], os.environ["IMPASTO_DATA_DIR"] = str(home / "run"), str(home / "data")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread: small networks gain nothing from more, and results to the bit need their number to stay."""
    import torch  # most tests do without

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """A folder with the real vgg16, for settings that need one. Skips, and says why, where it cannot be had."""
    folder = Path(_weights) if _weights else CACHE / "weights"
    settings = Settings(weights_dir=str(folder))
    try:
        ModelStore(Catalogue.load(), Paths.of(settings), settings).pull("vgg16")
    except WeightsUnavailable as error:
        pytest.skip(f"the real vgg16 is out of reach: {error.message}")
    return folder


@pytest.fixture(scope="session")
def vgg16_store(weights_dir: Path) -> ModelStore:
    """A store in which vgg16 is really present."""
    settings = Settings(weights_dir=str(weights_dir), offline=True)
    return ModelStore(Catalogue.load(), Paths.of(settings), settings)

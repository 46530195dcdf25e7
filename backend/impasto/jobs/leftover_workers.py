"""Workers that have outlived their daemon: one that hangs does not notice that its daemon was killed and holds the device.

Each executor writes down which process its worker is; whoever takes the data folder next ends those that are still there.
"""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

import psutil

from ..disk import private_folder, write_whole

log = logging.getLogger(__name__)

END_WAIT_S = 5.0
"""The system may take so long to reap them."""


def record_worker(file: Path, pid: int) -> None:
    """``file`` names the worker ``pid`` from now on. A disk that is full costs no more than this note."""
    with contextlib.suppress(OSError, psutil.Error):
        private_folder(file.parent)
        write_whole(file, json.dumps({"pid": pid, "born": psutil.Process(pid).create_time()}).encode(), lasting=False)


def end_leftover_workers(folder: Path) -> None:
    """End the workers that the files in ``folder`` name, with what they have started. Only while no daemon has the data folder."""
    leftovers = []
    for file in list(folder.glob("*")) if folder.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
            record = json.loads(file.read_bytes())
            process = psutil.Process(record["pid"])
            if process.create_time() == record["born"]:  # or the number has gone to another process since
                leftovers += [process, *process.children(recursive=True)]
        with contextlib.suppress(OSError):
            file.unlink()
    for process in leftovers:
        log.warning("process %d, left over from a daemon that has gone, is ended", process.pid)
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(leftovers, END_WAIT_S)

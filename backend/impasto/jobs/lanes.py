"""The queues, each with a worker of its own, and what each worker may take of the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..paths import Paths
from ..settings import Settings
from .executor import LocalExecutor, Share
from .folders import JobFolders
from .job import LANES, PAUSABLE, QUICK
from .lane import Lane
from .store import JobStore

UNLOAD_WAIT_S = 4.0

LONG = LANES["stylize"]
"""The lane of paintings that are not quick."""

SHARES = {QUICK: Share(niceness=0, limits={"gpu_memory_bytes": 2 << 30})}
"""What a worker may take that is not like the others: somebody waits for what is quick, and a GPU's memory is for long work."""


class Lanes(dict[str, Lane]):
    """By name."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        store: JobStore,
        folders: JobFolders,
        work: str,
        changed: Callable[[], None],
        done: Callable[[str, dict[str, Any]], None],
    ) -> None:
        """``work``: where the workers find what to do; ``changed``, ``done``: as for :class:`Lane`."""
        super().__init__()
        self._store = store
        for name in dict.fromkeys((*LANES.values(), QUICK)):
            executor = LocalExecutor(name, settings, paths, work, SHARES.get(name))
            overflow = self[LONG] if name == QUICK else None
            self[name] = Lane(name, settings, store, folders, executor, changed, done, overflow)
        for name in PAUSABLE:  # while it is at work somebody may want a preview, who should not wait for torch to be read
            self[name].begins = self[QUICK].warm_up

    def start(self) -> None:
        """Begin to work."""
        for lane in self.values():
            lane.start()

    def stop(self) -> None:
        """Stop them all at once. Running jobs go back into the queue."""
        threads = [threading.Thread(target=lane.stop) for lane in self.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # Requests carry the job's id; the executors that do not run it drop them.

    def cancel(self, id: str) -> None:
        """Discard job ``id`` where it runs."""
        for lane in self.values():
            lane.executor.cancel(id)

    def finish(self, id: str) -> None:
        """Let job ``id``, where it runs, end at its next step with what it has."""
        for lane in self.values():
            lane.executor.finish(id)

    def pause(self, paused: bool) -> None:
        """Let long work rest, or go on."""
        for name in PAUSABLE:
            self[name].pause(paused)

    def unload(self) -> None:
        """Give the workers' memory back: at once where they are idle, else after the present job."""
        for lane in self.values():
            lane.unload(UNLOAD_WAIT_S)

    def device(self) -> dict[str, Any]:
        """What a worker last said of the device, and how it is now. ``state``: asleep (no worker), idle or busy.

        ``workers``: of the lanes that paint, long work first; ``job`` and ``worker``: of the first that is at work, or else there.
        What is known survives a restart; before the first job ever, it is only that: asleep.
        """
        known: dict[str, Any] = self._store.fact("device") or {}
        workers = []
        for name in (LONG, QUICK):
            now, job = self[name].executor.describe(), self[name].running
            known = now["device"] or known
            workers.append({"lane": name, "job": job, "alive": now["alive"], "pid": now["pid"], "memory_bytes": now["memory"]})
        shown = max(workers, key=lambda worker: (worker["job"] is not None, worker["alive"]))
        known = {name: value for name, value in known.items() if name not in ("event", "job")}
        state = "busy" if shown["job"] else "idle" if shown["alive"] else "asleep"
        worker = {name: shown[name] for name in ("alive", "pid", "memory_bytes")}
        return {**known, "state": state, "job": shown["job"], "worker": worker, "workers": workers}

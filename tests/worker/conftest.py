from jobs.conftest import _importable, manager, settings, start  # noqa: F401  (the same daemon side)

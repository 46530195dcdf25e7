"""``python -m impasto.worker``: started by the daemon; not for use by hand."""

from .loop import main

if __name__ == "__main__":
    main()

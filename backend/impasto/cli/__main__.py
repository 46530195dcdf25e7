"""``python -m impasto.cli``: the command line of this very Python."""

from . import main

if __name__ == "__main__":
    main()

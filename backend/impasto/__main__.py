"""``python -m impasto``: the command line of this very Python, for torchrun and wherever `impasto` is not on the path."""

from .cli import main

if __name__ == "__main__":
    main()

"""The engine: pure torch. Tensors in, tensors out; no Flask, no files, no prints."""

from .encoder import Encoder
from .painting import Painting, Progress

__all__ = ["Encoder", "Painting", "Progress"]

"""The engine: pure torch. Tensors in, tensors out; no Flask, no files, no prints."""

from .encoder import Encoder
from .iterative import IterativeTransfer, Progress

__all__ = ["Encoder", "IterativeTransfer", "Progress"]

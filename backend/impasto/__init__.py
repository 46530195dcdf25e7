"""Impasto: neural style transfer for GIMP, Krita and curl."""

__version__ = "0.1.0"

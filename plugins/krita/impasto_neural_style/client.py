"""The protocol that the plug-in shares with GIMP's: the installer lays it into this folder, a checkout has it on the path."""

try:
    from .impasto_client import errand, formats, labels, languages, parameters, pixels, places, recipe, starter, wire, words
except ImportError:
    from impasto_client import errand, formats, labels, languages, parameters, pixels, places, recipe, starter, wire, words

__all__ = ["errand", "formats", "labels", "languages", "parameters", "pixels", "places", "recipe", "starter", "wire", "words"]

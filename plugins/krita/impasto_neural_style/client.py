"""The protocol that the plug-in shares with GIMP's: the installer lays it into this folder, a checkout has it on the path."""

from importlib import import_module

try:
    from . import impasto_client as _package
except ImportError:
    import impasto_client as _package


def _module(name):
    return import_module(_package.__name__ + "." + name)


formats, job_client, keeping = map(_module, ("formats", "job_client", "keeping"))
labels, messages = map(_module, ("labels", "messages"))
outputs, parameter_form, parameters = map(_module, ("outputs", "parameter_form", "parameters"))
pixels, places = map(_module, ("pixels", "places"))
plan, preview_sample, recipe, starter = map(_module, ("plan", "preview_sample", "recipe", "starter"))
translation, wire = map(_module, ("translation", "wire"))

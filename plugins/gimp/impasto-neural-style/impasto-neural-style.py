#!/usr/bin/env python3
"""Filters > Neural Style: GIMP's side of Impasto. The painting is done by the Impasto daemon; this sends the layer and brings back
the result.

    daemon.py          finds the daemon, starts it, sends requests     layers.py    pixels out of layers
    paint_options.py   what to paint, from a procedure's arguments     results.py   paintings into the image
    noninteractive.py  from layer to painting without a window         dialog.py    the window, and the modules that it names
"""

import os
import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
if not os.path.isdir(os.path.join(HERE, "impasto_client")):  # a checkout, as a plug-in folder of GIMP's: nothing is installed
    sys.path.insert(1, os.path.join(HERE, "..", "..", "client"))

import daemon  # noqa: E402
import layers  # noqa: E402
import paint_options  # noqa: E402
import noninteractive  # noqa: E402
import target  # noqa: E402
from impasto_client import messages  # noqa: E402
from translation import _  # noqa: E402

PAINT, REPEAT = "plug-in-impasto-neural-style", "plug-in-impasto-repeat"


class NeuralStyle(Gimp.PlugIn):
    """The plug-in: two procedures in one menu."""

    def do_query_procedures(self):
        return [PAINT, REPEAT]

    def do_set_i18n(self, name):
        return False  # translation.py does it: catalogues lie beside the plug-in under a name of their own

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, {PAINT: paint, REPEAT: repeat}[name], None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_attribution("Impasto", "Impasto", "2026")
        if name == PAINT:
            procedure.set_menu_label(_("_Neural Style..."))
            procedure.set_documentation(
                _("Paint the layer in the style of paintings"),
                _("Sends the layer to the Impasto daemon on this computer and adds the painting as a new layer."),
                name,
            )
            paint_options.add_arguments(procedure)
        else:
            procedure.set_menu_label(_("_Repeat Neural Style"))
            procedure.set_documentation(
                _("Paint the layer as the last one was painted"), _("Neural Style with the last settings."), name
            )
        procedure.add_layer_return_value(
            "layer", _("The painting"), _("The new layer, or the one whose pixels were replaced."), True, paint_options.FLAGS
        )
        procedure.add_menu_path("<Image>/Filters/Neural Style")
        return procedure


S = Gimp.PDBStatusType


def answer(procedure, status, message="", layer=None):
    """What a procedure returns; GIMP shows the message of one that failed."""
    values = procedure.new_return_values(status, GLib.Error(message) if message else None)
    if layer is not None:
        values.remove(1)
        values.insert(1, GObject.Value(Gimp.Layer, layer))
    return values


def paint(procedure, run_mode, image, drawables, config, _data):
    """Paint the one selected layer. With a window where one is asked for, else at once."""
    try:
        layer = layers.only_layer(image, drawables)
    except layers.UnsupportedLayer as unsupported:
        if run_mode != Gimp.RunMode.INTERACTIVE or not unsupported.convertible:
            return answer(procedure, S.EXECUTION_ERROR, str(unsupported))
        layer = drawables[0]  # the window offers the action
    if run_mode == Gimp.RunMode.INTERACTIVE:
        import dialog

        new = dialog.show(image, layer, config)
        return answer(procedure, S.SUCCESS if new else S.CANCEL, layer=new)
    try:
        options = paint_options.from_config(config)
    except paint_options.InvalidArguments as wrong:
        return answer(procedure, S.CALLING_ERROR, str(wrong))
    Gimp.progress_init(_("Neural Style"))
    try:
        painted = target.Target(image, layer)
        # A script means the layer that it names; "repeat" finds the last painting selected, and paints what that was painted from.
        painted.use_source(run_mode == Gimp.RunMode.WITH_LAST_VALS)
        new = noninteractive.paint(painted, options, daemon.find_or_start(), show_progress)
    except (layers.UnsupportedLayer, daemon.DaemonError) as error:
        return answer(procedure, S.EXECUTION_ERROR, str(error))
    finally:
        Gimp.progress_end()
    Gimp.displays_flush()
    return answer(procedure, S.SUCCESS, layer=new)


def show_progress(job):
    """Progress in GIMP's own bar."""
    Gimp.progress_set_text(messages.progress(job, _))
    Gimp.progress_update(job.get("fraction") or 0.0)


def repeat(procedure, run_mode, image, drawables, _config, _data):
    """The same again, without a window; of a painting, from what it was painted from."""
    again = Gimp.get_pdb().lookup_procedure(PAINT)
    config = again.create_config()
    config.set_property("run-mode", Gimp.RunMode.WITH_LAST_VALS)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    result = again.run(config)
    status = result.index(0)
    if status == S.SUCCESS:
        return answer(procedure, status, layer=result.index(1))
    return answer(procedure, status, str(result.index(1) or "") if result.length() > 1 else "")


Gimp.main(NeuralStyle.__gtype__, sys.argv)

#!/usr/bin/env python3
"""Filters > Neural Style: GIMP's side of Impasto. The painting is done by the Impasto daemon; this sends the layer and brings back
the result.

    daemon.py    finds the daemon, starts it, sends requests        layers.py   pixels out of layers and into new ones
    order.py     what to paint, from a procedure's arguments        dialog.py   the window; pieces.py: its parts
"""

import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib  # noqa: E402

import daemon  # noqa: E402
import layers  # noqa: E402
import order  # noqa: E402
from impasto_client import words  # noqa: E402
from texts import _  # noqa: E402

PAINT, REPEAT = "plug-in-impasto-neural-style", "plug-in-impasto-repeat"


class NeuralStyle(Gimp.PlugIn):
    """The plug-in: two procedures in one menu."""

    def do_query_procedures(self):
        return [PAINT, REPEAT]

    def do_set_i18n(self, name):
        return False  # texts.py does it: catalogues lie beside the plug-in under a name of their own

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, {PAINT: paint, REPEAT: repeat}[name], None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_attribution("Impasto", "Impasto", "2026")
        if name == PAINT:
            procedure.set_menu_label(_("_Neural Style..."))
            procedure.set_documentation(_("Paint the layer in the style of paintings"),
                                        _("Sends the layer to the Impasto daemon on this computer and adds the painting as a "
                                          "new layer."), name)
            order.add_arguments(procedure)
        else:
            procedure.set_menu_label(_("_Repeat Neural Style"))
            procedure.set_documentation(_("Paint the layer as the last one was painted"), _("Neural Style with the last settings."),
                                        name)
        procedure.add_menu_path("<Image>/Filters/Neural Style")
        return procedure


def answer(procedure, status, message=""):
    """What a procedure returns; GIMP shows the message of one that failed."""
    return procedure.new_return_values(status, GLib.Error(message) if message else None)


def paint(procedure, run_mode, image, drawables, config, _data):
    """Paint the one selected layer. With a window where one is asked for, else at once."""
    try:
        layer = layers.only_layer(image, drawables)
    except layers.Unfit as unfit:
        if run_mode != Gimp.RunMode.INTERACTIVE or not unfit.curable:
            return answer(procedure, Gimp.PDBStatusType.EXECUTION_ERROR, str(unfit))
        layer = drawables[0]
    if run_mode == Gimp.RunMode.INTERACTIVE:
        import dialog
        done = dialog.show(image, layer, config)
        return answer(procedure, Gimp.PDBStatusType.SUCCESS if done else Gimp.PDBStatusType.CANCEL)
    try:
        wanted = order.from_config(config)
        Gimp.progress_init(_("Neural Style"))
        layers.paint_now(image, layer, wanted, daemon.found_or_started(), told)
    except (layers.Unfit, order.Wrong, daemon.Trouble) as trouble:
        return answer(procedure, Gimp.PDBStatusType.EXECUTION_ERROR, str(trouble))
    finally:
        Gimp.progress_end()
    Gimp.displays_flush()
    return answer(procedure, Gimp.PDBStatusType.SUCCESS)


def told(job):
    """Progress in GIMP's own bar."""
    Gimp.progress_set_text(words.progress(job, _))
    Gimp.progress_update(job.get("fraction") or 0.0)


def repeat(procedure, run_mode, image, drawables, _config, _data):
    """The same again, without a window."""
    again = Gimp.get_pdb().lookup_procedure(PAINT)
    config = again.create_config()
    config.set_property("run-mode", Gimp.RunMode.WITH_LAST_VALS)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    result = again.run(config)
    status = result.index(0)
    message = result.index(1) if status != Gimp.PDBStatusType.SUCCESS and result.length() > 1 else ""
    return answer(procedure, status, str(message or ""))


Gimp.main(NeuralStyle.__gtype__, sys.argv)

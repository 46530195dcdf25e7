"""Styles from elsewhere: a picture's file, or any open image or layer."""

import hashlib
import os

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GLib, Gtk, Pango  # noqa: E402

import pictures  # noqa: E402
from impasto_client.formats import FORMATS  # noqa: E402
from impasto_client.recipe import Style  # noqa: E402
from translation import _  # noqa: E402

MAX_KEPT = 40
"""Pictures that are remembered for "repeat", at most."""

TILE = 40


def ask_for_file(parent, title):
    """A picture's file that the user chooses, or None."""
    chooser = Gtk.FileChooserNative.new(title, parent, Gtk.FileChooserAction.OPEN, _("_Open"), _("_Cancel"))
    known = Gtk.FileFilter()
    known.set_name("%s (%s)" % (_("Pictures"), ", ".join(label for label, _extensions, _starts in FORMATS)))
    for _label, extensions, _starts in FORMATS:
        for extension in extensions:
            known.add_pattern("*" + extension)
            known.add_pattern("*" + extension.upper())
    chooser.add_filter(known)
    folder = GLib.get_user_special_dir(GLib.UserDirectory.DIRECTORY_PICTURES)
    if folder:
        chooser.set_current_folder(folder)
    answer = chooser.run()
    file = chooser.get_filename() if answer == Gtk.ResponseType.ACCEPT else None
    chooser.destroy()
    return file


def ask_for_layer(parent):
    """An open image or a layer of one, as a :class:`Style` with its picture, or None."""
    ask = Gtk.Dialog(title=_("A Layer or Image as Style"), transient_for=parent, modal=True)
    ask.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, _("Use as _Style"), Gtk.ResponseType.OK)
    ask.set_default_response(Gtk.ResponseType.OK)
    ask.set_default_size(380, 420)
    rows = Gtk.ListBox(activate_on_single_click=False)
    for image in Gimp.get_images():
        rows.add(_row(image, _name_of(image), image.get_thumbnail(TILE, TILE, Gimp.PixbufTransparency.SMALL_CHECKS), 0))
        _add_layers(rows, image.get_layers(), 1)
    rows.connect("row-activated", lambda _rows, _row: ask.response(Gtk.ResponseType.OK))
    rows.select_row(rows.get_row_at_index(0))
    scroll = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN, margin=12, vexpand=True)
    scroll.add(rows)
    ask.get_content_area().add(scroll)
    ask.show_all()
    chosen = rows.get_selected_row() if ask.run() == Gtk.ResponseType.OK else None
    item, title = (chosen.item, chosen.title) if chosen is not None else (None, "")
    ask.destroy()
    parent.present()
    if item is None or not item.is_valid():
        return None
    return Style(
        picture=pictures.file_of_image(item) if isinstance(item, Gimp.Image) else pictures.file_of_layer(item), title=title
    )


def _add_layers(rows, layers, depth):
    for layer in layers:
        rows.add(_row(layer, layer.get_name(), layer.get_thumbnail(TILE, TILE, Gimp.PixbufTransparency.SMALL_CHECKS), depth))
        if layer.is_group():
            _add_layers(rows, layer.get_children(), depth + 1)


def _name_of(image):
    """An image's name without what GIMP puts around it."""
    file = image.get_file() or image.get_imported_file()
    return os.path.splitext(file.get_basename())[0] if file is not None else image.get_name()


def _row(item, title, pixbuf, depth):
    row = Gtk.ListBoxRow()
    row.item, row.title = item, title
    box = Gtk.Box(spacing=8, margin=4, margin_start=4 + 20 * depth)
    picture = Gtk.Image.new_from_pixbuf(pixbuf) if pixbuf else Gtk.Image(icon_name="image-x-generic")
    picture.set_size_request(TILE, TILE)
    label = Gtk.Label(label=title, xalign=0, ellipsize=Pango.EllipsizeMode.END)
    if depth == 0:
        weight = Pango.AttrList()
        weight.insert(Pango.attr_weight_new(Pango.Weight.BOLD))
        label.set_attributes(weight)
    box.pack_start(picture, False, False, 0)
    box.pack_start(label, True, True, 0)
    row.add(box)
    return row


def keep(picture):
    """A file in GIMP's folder that holds ``picture`` (a file's bytes), so that "repeat" finds it another time."""
    folder = os.path.join(Gimp.directory(), "impasto-styles")
    file = os.path.join(folder, hashlib.sha256(picture).hexdigest()[:24] + (".png" if picture[:4] == b"\x89PNG" else ".jpg"))
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(file):
        with open(file + ".part", "wb") as opened:
            opened.write(picture)
        os.replace(file + ".part", file)
    others = sorted((os.path.join(folder, name) for name in os.listdir(folder)), key=os.path.getmtime, reverse=True)
    for old in [other for other in others if other != file][MAX_KEPT - 1 :]:
        os.remove(old)
    return file

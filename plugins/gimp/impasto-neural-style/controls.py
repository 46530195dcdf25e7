"""A widget for each parameter, with the names and hints of the docs."""

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GimpUi, Gtk  # noqa: E402

from impasto_client import labels  # noqa: E402
from impasto_client.parameter_form import ParameterForm  # noqa: E402
from impasto_client.parameters import PARAMETERS  # noqa: E402
from impasto_client.recipe import text_of  # noqa: E402
from translation import _  # noqa: E402

IN_FRONT = tuple(p["name"] for p in PARAMETERS if p["front"])
"""What an artist sees at once; the others are folded away."""


class Controls(ParameterForm):
    """Widgets for the parameters called ``names``, in ``grid``. ``changed()`` is called when one is moved."""

    def __init__(self, names, changed):
        self.grid = Gtk.Grid(column_spacing=12, row_spacing=6, hexpand=True)
        self._get, self._set, self._changed, self._rows = {}, {}, changed, 0
        parameter_labels, hints = labels.names(_), labels.hints(_)
        for p in (p for p in PARAMETERS if p["name"] in names):
            slider = p["widget"] == "slider"
            widget = self._slider(p, parameter_labels[p["name"]]) if slider else self._field(p)
            widget.set_tooltip_text(hints[p["name"]])
            if slider:
                self.grid.attach(widget, 0, self._rows, 2, 1)
                self._rows += 1
            else:
                self.add_row(parameter_labels[p["name"]], widget, hints[p["name"]])

    def add_row(self, text, widget, hint=""):
        """A labelled row below the others. Returns a function that shows it or hides it."""
        label = Gtk.Label.new_with_mnemonic(text)
        label.set_xalign(0)
        label.set_mnemonic_widget(widget)
        label.set_tooltip_text(hint or None)
        widget.set_property("hexpand", True)
        for column, each in enumerate((label, widget)):
            self.grid.attach(each, column, self._rows, 1, 1)
        self._rows += 1

        def visible(yes):
            for each in (label, widget):
                each.set_no_show_all(not yes)
                each.set_visible(yes)

        return visible

    def _field(self, p):
        return {"number": self._spin, "integer": self._spin, "choice": self._combo, "layers": self._entry}[p["kind"]](p)

    def _slider(self, p, label):
        """GIMP's own kind of slider, with what its ends mean below it."""
        adjustment = Gtk.Adjustment(
            value=p["default"], lower=p["minimum"], upper=p["maximum"], step_increment=0.01, page_increment=0.1
        )
        scale = GimpUi.SpinScale.new(adjustment, label, 2)
        adjustment.connect("value-changed", lambda _adjustment: self._changed())
        self._get[p["name"]], self._set[p["name"]] = lambda: round(adjustment.get_value(), 2), adjustment.set_value
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=1)
        box.pack_start(scale, False, False, 0)
        ends = Gtk.Box()
        for text, side in zip(labels.ends(_).get(p["name"], ()), (ends.pack_start, ends.pack_end), strict=False):
            end = Gtk.Label(label="<small>%s</small>" % text, use_markup=True)
            end.get_style_context().add_class("dim-label")
            side(end, False, False, 2)
        box.pack_start(ends, False, False, 0)
        return box

    def _spin(self, p):
        whole = p["kind"] == "integer"
        step = 1 if whole else 0.01 if p["maximum"] <= 1 else 0.1
        spin = Gtk.SpinButton.new_with_range(p["minimum"], p["maximum"], p["step"] or step)
        spin.set_digits(0 if whole else 2)
        spin.set_value(p["default"])
        if p["zero"]:
            word = labels.zeros(_)[p["name"]]
            spin.set_numeric(False)
            spin.connect("output", word_at_zero, word)
            spin.connect("input", zero_at_word, word)
            spin.set_width_chars(10)
        spin.connect("value-changed", lambda _spin: self._changed())
        self._get[p["name"]] = spin.get_value_as_int if whole else lambda: round(spin.get_value(), 5)
        self._set[p["name"]] = spin.set_value
        return spin

    def _combo(self, p):
        combo, choices = Gtk.ComboBoxText(), labels.choices(_)
        for value in p["choices"]:
            combo.append(value, choices[p["name"], value])
        combo.set_active_id(p["default"])
        combo.connect("changed", lambda _combo: self._changed())
        self._get[p["name"]], self._set[p["name"]] = combo.get_active_id, combo.set_active_id
        return combo

    def _entry(self, p):
        default = text_of(p["default"])
        entry = Gtk.Entry(text=default)
        entry.connect("changed", lambda _entry: self._changed())
        self._get[p["name"]] = lambda: p["default"] if entry.get_text().strip() in ("", default) else entry.get_text().strip()
        self._set[p["name"]] = lambda value: entry.set_text(default if value == p["default"] else str(value))
        return entry


def word_at_zero(spin, word):
    """Shows ``word`` where the number is 0."""
    if spin.get_value_as_int() == 0:
        spin.set_text(word)
        return True
    return False


def zero_at_word(spin, _value, word):
    """Reads the word back; PyGObject takes the value from the second part of the answer."""
    if spin.get_text().strip() == word:
        return True, 0.0
    return False, 0.0

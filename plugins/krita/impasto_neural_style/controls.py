"""A widget for each parameter, with the names and hints of the docs."""

from .client import labels, recipe
from .client import parameter_form, parameters
from .qt import QtWidgets
from .translation import _
from .widgets import WheelGuard, Slider


class Controls(QtWidgets.QWidget, parameter_form.ParameterForm):
    """Widgets for the parameters called ``names``, each with its name as objectName, "impasto-" before it. ``changed()`` is called
    when one is moved."""

    def __init__(self, names, changed, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self._get, self._set, self._changed, self._wheel_guard = {}, {}, changed, WheelGuard(self)
        self.form = QtWidgets.QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setVerticalSpacing(3)
        self.form.setHorizontalSpacing(6)
        self.form.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        parameter_labels, hints = labels.names(_), labels.hints(_)
        for p in (p for p in parameters.PARAMETERS if p["name"] in names):
            slider = p["widget"] == "slider"
            widget = self._slider(p, parameter_labels[p["name"]]) if slider else self._field(p)
            self.add("" if slider else parameter_labels[p["name"]], widget, p["name"], hints[p["name"]])

    def add(self, label, widget, name, hint):
        """One more row."""
        widget.setObjectName("impasto-" + name)
        widget.setToolTip(hint)
        self._wheel_guard.guard(widget)
        if label:
            widget.setAccessibleName(label)
            text = QtWidgets.QLabel(label, self)
            text.setToolTip(hint)
            text.setBuddy(widget)
            self.form.addRow(text, widget)
        else:
            self.form.addRow(widget)

    def _field(self, p):
        return {"number": self._number, "integer": self._whole, "choice": self._combo, "layers": self._entry}[p["kind"]](p)

    def _slider(self, p, label):
        slider, ends = Slider(label, p["default"], self), labels.ends(_).get(p["name"])
        slider.valueChanged.connect(lambda _value: self._changed())
        if ends:
            slider.setStatusTip("%s – %s" % ends)
        self._get[p["name"]], self._set[p["name"]] = slider.number, slider.set_number
        return slider

    def _whole(self, p):
        spin = QtWidgets.QSpinBox(self)
        spin.setRange(int(p["minimum"]), int(p["maximum"]))
        spin.setSingleStep(int(p["step"]) or 1)
        if p["zero"]:
            spin.setSpecialValueText(labels.zeros(_)[p["name"]])
        return self._spin(spin, p)

    def _number(self, p):
        spin = QtWidgets.QDoubleSpinBox(self)
        spin.setDecimals(2)
        spin.setRange(p["minimum"], p["maximum"])
        spin.setSingleStep(p["step"] or (0.01 if p["maximum"] <= 1 else 0.1))
        return self._spin(spin, p)

    def _spin(self, spin, p):
        spin.setValue(p["default"])
        spin.setMinimumWidth(60)
        spin.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
        spin.valueChanged.connect(lambda _value: self._changed())
        self._get[p["name"]], self._set[p["name"]] = (lambda: round(spin.value(), 5)), spin.setValue
        return spin

    def _combo(self, p):
        choices = labels.choices(_)
        combo = choice([(value, choices[p["name"], value]) for value in p["choices"]], self)
        combo.currentIndexChanged.connect(lambda _index: self._changed())
        self._get[p["name"]] = combo.currentData
        self._set[p["name"]] = lambda value: combo.setCurrentIndex(max(0, combo.findData(value)))
        self._set[p["name"]](p["default"])
        return combo

    def _entry(self, p):
        default = recipe.text_of(p["default"])
        entry = QtWidgets.QLineEdit(default, self)
        entry.setCursorPosition(0)
        entry.textChanged.connect(lambda _text: self._changed())

        def get():
            return p["default"] if entry.text().strip() in ("", default) else entry.text().strip()

        def set_value(value):
            entry.setText(recipe.text_of(value))
            entry.setCursorPosition(0)

        self._get[p["name"]], self._set[p["name"]] = get, set_value
        return entry


def choice(items, parent):
    """A combo box of (value, label) that fits into a narrow docker."""
    combo = QtWidgets.QComboBox(parent)
    for value, label in items:
        combo.addItem(label, value)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo

"""The values of parameters that an editor's widgets show."""

from collections.abc import Callable

from .parameters import PARAMETERS

DEFAULTS = {p["name"]: p["default"] for p in PARAMETERS}


def non_default(values):
    """Those of ``values`` (parameter -> value) that belong to a parameter and differ from its default."""
    return {name: value for name, value in values.items() if name in DEFAULTS and value != DEFAULTS[name]}


class ParameterForm:
    """Base of an editor's form. It sets ``_get`` and ``_set``: parameter -> function that answers or sets its widget's value."""

    _get: "dict[str, Callable[[], object]]"
    _set: "dict[str, Callable[[object], None]]"

    def values(self):
        """Those that differ from the defaults."""
        return non_default({name: get() for name, get in self._get.items()})

    def show_values(self, values):
        """Set every widget; what is not in ``values`` to its default."""
        for name, set_value in self._set.items():
            set_value(values.get(name, DEFAULTS[name]))

"""What stands behind the ? of an address, read strictly: only names that the route knows, each once, and plain numbers."""

from __future__ import annotations

import re

from flask import Flask, current_app, request

from ..errors import InvalidParameter, UnknownParameter, did_you_mean, harmless, quoted
from .openapi import OPERATION

PLAIN_NUMBER = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,16})?")

TRUTHS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def install(app: Flask) -> None:
    """Check the names before every request that a route with a query answers. Routes without one look at nothing there."""

    @app.before_request
    def guard() -> None:
        operation = getattr(current_app.view_functions.get(request.endpoint or ""), OPERATION, None)
        known = [query.name for query in operation.query] if operation else []
        if known:
            check(known)


def check(known: list[str]) -> None:
    """Raises :class:`UnknownParameter` or :class:`InvalidParameter` for a name that is not known, or that comes twice."""
    for name, values in request.args.lists():
        if name not in known:
            raise UnknownParameter(
                f"There is no parameter {quoted(name)}.",
                field=harmless(name),
                hint=did_you_mean(name[:60], known) or f"There are: {', '.join(known)}.",
            )
        if len(values) > 1:
            raise InvalidParameter(f"{name} was given {len(values)} times.", field=name)


def truth(name: str) -> bool:
    """Whether the query string says true, in one of the words of :data:`TRUTHS`. Raises :class:`InvalidParameter`."""
    return parsed_truth(name, request.args[name]) if name in request.args else False


def parsed_truth(name: str, text: str) -> bool:
    """The value of a form's or an address's ``name``. Raises :class:`InvalidParameter`."""
    if text.strip().lower() not in TRUTHS:
        raise InvalidParameter(f"{name} is {quoted(text)}, but must be true or false.", field=name)
    return TRUTHS[text.strip().lower()]


def number(name: str, default: float, low: float, high: float, *, whole: bool = False) -> float:
    """A number from the query string. Raises :class:`InvalidParameter`."""
    text = request.args.get(name)
    if text is None:
        return default
    value = float(text) if PLAIN_NUMBER.fullmatch(text) else -1
    if not low <= value <= high or (whole and "." in text):
        kind = "a whole number" if whole else "a number"
        raise InvalidParameter(f"{name} is {quoted(text)}, but must be {kind} from {low:g} to {high:g}.", field=name)
    return value

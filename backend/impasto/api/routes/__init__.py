"""The routes, one module for each concern."""

from __future__ import annotations

from flask import Flask

from . import description, device, health, jobs, models, page, plan, queue, styles, stylize


def register(app: Flask) -> None:
    """Add every route to ``app``."""
    app.url_map.converters["style"] = styles.StyleSegment
    for module in (health, page, description, stylize, plan, jobs, queue, styles, models, device):
        app.register_blueprint(module.blueprint)

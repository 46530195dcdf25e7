"""Impasto's protocol for plug-ins: requests built, responses read, jobs followed. It opens no socket; files
are opened in ``starter`` and, by gettext, in ``translation`` alone.

Each editor brings its own transport (GIMP: urllib in a thread; Krita: QNetworkAccessManager), which sends a :class:`wire.Request`
and hands back status, headers and body. Standard library only; Python 3.8 and later.
"""

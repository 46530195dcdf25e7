"""Impasto's protocol for plug-ins: requests built, answers read, jobs followed. It opens no socket, and no file but in
``starter``.

Each editor brings its own transport (GIMP: urllib in a thread; Krita: QNetworkAccessManager), which sends a :class:`wire.Request`
and hands back status, headers and body. Standard library only; Python 3.8 and later.
"""

"""Everything HTTP: the Flask app factory, its routes, the server, the runtime file. Never imports torch, and stays light:
the daemon answers /health within a second of its start."""

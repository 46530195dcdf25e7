"""Paintings become fast styles: photographs, the training's steps and checkpoints, and what is kept in the end. Imports torch."""

"""The engine at work on this machine: the device, and the networks that are kept warm on it. Imports torch."""

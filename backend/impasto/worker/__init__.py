"""What runs in a worker process: one job at a time, with torch and the device. Nothing of the daemon is imported here."""

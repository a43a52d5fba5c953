"""Marking: what is handed in runs in a sandbox, and only plain numbers come out of it."""

"""Sending domains in the panel: the records to publish, what was found, and what to do about it."""

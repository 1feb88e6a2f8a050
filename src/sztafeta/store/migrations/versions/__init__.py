"""One file a migration: `<number>_<pre|post>_<what>.py`."""

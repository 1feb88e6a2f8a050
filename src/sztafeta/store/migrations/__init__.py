"""Migrations, oldest first in `versions/`; run by `store/migrate.py`."""

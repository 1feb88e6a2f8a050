"""SQLite: one writer thread with group commit, readers of their own, checkpoints beside both."""

"""PostgreSQL: lanes with group commit, reads on snapshots, every transaction led to a known end."""

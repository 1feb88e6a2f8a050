"""Delivery certificates: a signed statement that a server took a message over, for an archive."""

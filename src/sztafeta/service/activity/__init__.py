"""The mail of a customer for its people: found, told, followed while it happens, acted upon."""

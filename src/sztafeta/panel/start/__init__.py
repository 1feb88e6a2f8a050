"""The start: what is still to be set up, and how today goes."""

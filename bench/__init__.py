"""Comparisons with peers on the same machine, in one run, as ratios (`make bench`)."""

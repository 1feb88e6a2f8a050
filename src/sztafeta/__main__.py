"""`python -m sztafeta` is `sztafeta`."""

from sztafeta.cli import main

main()

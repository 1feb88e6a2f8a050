"""The inbox: the catch-all MX that plays the internet in `make demo`, and the page that shows its mail."""

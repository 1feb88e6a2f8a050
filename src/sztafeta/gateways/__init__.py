"""The outside world's business services: hands of their own, each behind a port of `service/ports`."""

"""Where the world reaches the service over HTTP, by the settings."""

from __future__ import annotations

from sztafeta.config import Settings


def base_url(settings: Settings) -> str:
    """Say how the API is reached."""
    if settings.api.base_url is not None:
        return settings.api.base_url.rstrip("/")
    return f"http://{settings.api.address}:{settings.api.port}"


def panel_url(settings: Settings) -> str:
    """Say how the panel's host is reached; the panel itself is below `/panel` there."""
    if settings.panel.base_url is not None:
        return settings.panel.base_url.rstrip("/")
    return base_url(settings)

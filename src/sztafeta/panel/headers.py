"""What every answer tells the browser: run nothing but our own, show nothing elsewhere (W-08)."""

from __future__ import annotations

from typing import Final

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAME_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;"
    " style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
"""For somebody's HTML in a frame: links open a tab of their own; no script, form, origin or request."""
FRAME_WITH_PICTURES_POLICY: Final = FRAME_POLICY.replace("img-src data:", "img-src data: https:")
"""For a reader who asked for the remote pictures."""
DOWNLOAD_POLICY: Final = "sandbox; default-src 'none'"
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""`no-referrer`: addresses of pages hold recipients, which are nobody else's business."""

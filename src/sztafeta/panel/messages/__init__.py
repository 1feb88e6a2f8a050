"""Mail in the panel: the list, one message, and the one question of a support desk."""

from sztafeta.panel.messages import activity, bulk, certificate, live, message, where
from sztafeta.panel.messages.shared import pages

__all__ = ["activity", "bulk", "certificate", "live", "message", "pages", "where"]

"""What the server has said and not yet written, and how much patience it has left.

A client may err `max_errors` times and waste `max_junk` commands between two accepted messages; the next
one is told 421 and the session ends, so that a flood costs us little (RFC 5321 §3.8, §7.8).
"""

from __future__ import annotations

from sztafeta.smtp import server_replies as say
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.smtp.reply import Reply


class Answers:
    """Drafts replies and counts what they were for."""

    __slots__ = ("_errors", "_failed_logins", "_junk", "_output", "_profile", "is_closing")

    def __init__(self, profile: ServerProfile) -> None:
        self._profile = profile
        self._output = b""
        self._errors = self._junk = self._failed_logins = 0
        self.is_closing = False
        """The last word was said."""

    def take(self) -> bytes:
        """Give the octets to write, once."""
        output, self._output = self._output, b""
        return output

    def say(self, reply: Reply) -> None:
        """Answer a command of a decent client."""
        self._output += reply.octets

    def refuse(self, reply: Reply) -> None:
        """Answer an error of the client, if there is patience left."""
        self._errors += 1
        if self._errors > self._profile.max_errors:
            self.close(say.TOO_MANY_ERRORS_421)
        else:
            self.say(reply)

    def tolerate(self, reply: Reply) -> None:
        """Answer a command that carries no mail, if there is patience left."""
        if self.may_waste():
            self.say(reply)

    def may_waste(self) -> bool:
        """Count a command that carries no mail; close and say False when there were too many."""
        self._junk += 1
        if self._junk > self._profile.max_junk:
            self.close(say.TOO_MUCH_JUNK_421)
        return not self.is_closing

    def may_log_in(self) -> bool:
        """Close and say False when too many logins have failed."""
        if self._failed_logins >= self._profile.max_auth_errors:
            self.close(say.TOO_MANY_LOGINS_421)
        return not self.is_closing

    def note_failed_login(self) -> None:
        """Count a login that was wrong."""
        self._failed_logins += 1

    def note_success(self) -> None:
        """Begin to count anew: a message was accepted."""
        self._errors = self._junk = 0

    def close(self, reply: Reply) -> None:
        """Say the last word."""
        if not self.is_closing:
            self.say(reply)
            self.is_closing = True

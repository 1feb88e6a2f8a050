"""Messages in memory, just accepted or read a page at a time: a sender seldom has to ask the disk."""

from __future__ import annotations

from collections import OrderedDict

from sztafeta.service.ports import NewMessage, QueuedMessage


class FreshMessages:
    """Keeps messages while there is room; bounded by the octets of their content."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._messages: OrderedDict[int, tuple[QueuedMessage, int]] = OrderedDict()

    def __contains__(self, message_id: int) -> bool:
        return message_id in self._messages

    def keep(self, message: NewMessage, recipients: int) -> None:
        """Remember a message that was just accepted, for this many recipients."""
        self.keep_loaded(as_queued(message), recipients)

    def keep_loaded(self, message: QueuedMessage, recipients: int) -> None:
        """Remember a message for this many recipients; the oldest make room."""
        if message.content.size > self._limit // 8 or message.message_id in self._messages:
            return
        self._messages[message.message_id] = (message, recipients)
        self._bytes += message.content.size
        while self._bytes > self._limit:
            _, (oldest, _) = self._messages.popitem(last=False)
            self._bytes -= oldest.content.size

    def take(self, message_id: int, recipients: int) -> QueuedMessage | None:
        """Give the message and forget it once its recipients have all been taken."""
        entry = self._messages.get(message_id)
        if entry is None:
            return None
        message, waiting = entry
        if waiting > recipients:
            self._messages[message_id] = (message, waiting - recipients)
        else:
            del self._messages[message_id]
            self._bytes -= message.content.size
        return message


def as_queued(message: NewMessage) -> QueuedMessage:
    """Give what a sender needs of an accepted message."""
    return QueuedMessage(
        message_id=message.message_id,
        customer_id=message.customer_id,
        account_id=message.account_id,
        envelope=message.envelope,
        content=message.content,
        header_message_id=message.header_message_id,
        signing_domain=message.signing_domain,
        accepted_at=message.accepted_at,
        expires_at=message.expires_at,
        failure_notices=message.failure_notices,
        mode=message.mode,
    )

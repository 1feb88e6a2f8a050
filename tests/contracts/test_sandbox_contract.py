"""What every store promises about the test inbox: test mail alone is thrown away, and never another's."""

from __future__ import annotations

from tests.contracts.houses import House, accepted

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.service.ports import NewMessage

ALICE, CHARLIE = 1, 3


async def sent(house: House, mode: Mode = Mode.TEST, state: State = State.CANCELED) -> NewMessage:
    message = house.writer.letter(mode=mode, state=state)
    await accepted(house, message)
    return message


async def is_there(house: House, message: NewMessage) -> bool:
    return await house.feed.find_message(ALICE, message.message_id) is not None


async def test_a_test_message_is_thrown_away_with_its_content(house: House) -> None:
    first, second = await sent(house), await sent(house)
    assert await house.sandbox.throw_away(ALICE, [first.message_id, 12345]) == 1
    assert not await is_there(house, first)
    assert await is_there(house, second)
    assert await house.first.queues.message(first.message_id) is None


async def test_live_mail_and_mail_of_others_stays(house: House) -> None:
    live, own = await sent(house, Mode.LIVE), await sent(house)
    assert await house.sandbox.throw_away(ALICE, [live.message_id]) == 0
    assert await house.sandbox.throw_away(CHARLIE, [own.message_id]) == 0
    assert await is_there(house, live)
    assert await is_there(house, own)


async def test_what_is_still_tried_stays(house: House) -> None:
    waiting = await sent(house, state=State.QUEUED)
    assert await house.sandbox.throw_away(ALICE, [waiting.message_id]) == 0
    assert await is_there(house, waiting)


async def test_nothing_asked_for_is_nothing_done(house: House) -> None:
    assert await house.sandbox.throw_away(ALICE, []) == 0

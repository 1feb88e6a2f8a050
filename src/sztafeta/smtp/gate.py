"""Whether a command may come now: the order of commands, TLS and the login, in one decision.

`state.py` knows the order; this adds what the listener's profile demands. The first reason found is the
one told: a client that forgot EHLO hears that, and one that forgot to log in hears that. What may come is
worked out once for each profile and standing (`permitted`), because every command asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sztafeta.smtp import server_replies as say
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.state import NEXT, State, Verb, out_of_order

# RFC 6409 §4.3: what a submission server does for its own users only.
_NEEDS_LOGIN: Final = frozenset({Verb.MAIL, Verb.RCPT, Verb.DATA, Verb.BDAT})
# RFC 3207 §4: with TLS required, all but EHLO, NOOP, STARTTLS, QUIT, and what is harmless.
_NEEDS_TLS: Final = _NEEDS_LOGIN | {Verb.AUTH, Verb.VRFY, Verb.EXPN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the client has reached outside the order of commands."""

    encrypted: bool
    extended: bool
    """It said EHLO, not HELO."""
    logged_in: bool


@lru_cache
def permitted(profile: ServerProfile, standing: Standing) -> Mapping[State, frozenset[Verb]]:
    """Give the commands that may come in each state."""
    return {
        state: frozenset(verb for verb in Verb if refusal(verb, state, profile, standing) is None)
        for state in State
    }


def refusal(verb: Verb, state: State, profile: ServerProfile, standing: Standing) -> Reply | None:
    """Give the reply to a command that may not come now, or None."""
    is_in_order = verb in NEXT[state]
    if state is State.FRESH and not is_in_order:
        return say.out_of_order_503(out_of_order(state, verb))
    if verb is Verb.AUTH and is_in_order:
        return _refuse_auth(profile, standing)
    if profile.requires_tls and not standing.encrypted and verb in _NEEDS_TLS:
        return say.TLS_FIRST_530
    if profile.requires_auth and not standing.logged_in and verb in _NEEDS_LOGIN:
        return say.AUTH_FIRST_530
    if verb is Verb.STARTTLS and is_in_order:
        return _refuse_starttls(profile, standing)
    if verb is Verb.BDAT and not profile.offers_chunking:
        return say.CHUNKING_NOT_OFFERED_502
    if verb is Verb.BDAT and not standing.extended:
        return say.SAY_EHLO_503
    return None if is_in_order else say.out_of_order_503(out_of_order(state, verb))


def _refuse_auth(profile: ServerProfile, standing: Standing) -> Reply | None:
    if not profile.offers_auth:
        return say.AUTH_NOT_OFFERED_502
    if standing.logged_in:  # RFC 4954 §4: only once
        return say.ALREADY_LOGGED_IN_503
    if not standing.encrypted and not profile.cleartext_auth:
        return say.ENCRYPT_FIRST_538
    if not standing.encrypted and profile.requires_tls:
        return say.TLS_FIRST_530
    return None if standing.extended else say.SAY_EHLO_503


def _refuse_starttls(profile: ServerProfile, standing: Standing) -> Reply | None:
    if standing.encrypted:  # RFC 3207 §4.2
        return say.ALREADY_ENCRYPTED_503
    if not profile.offers_starttls:
        return say.STARTTLS_NOT_OFFERED_502
    return None if standing.extended else say.SAY_EHLO_503

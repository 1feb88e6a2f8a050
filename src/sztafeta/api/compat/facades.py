"""All dialects that this host speaks beside its own."""

from __future__ import annotations

from typing import Final

from sztafeta.api.compat.emaillabs_v1.facade import EmailLabsV1
from sztafeta.api.compat.emaillabs_v21.facade import EmailLabsV21
from sztafeta.api.compat.facade import Facade

FACADES: Final[tuple[Facade, ...]] = (EmailLabsV1(), EmailLabsV21())

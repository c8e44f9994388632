"""What people said of calls, kept with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from callvoice.store.core import Store
from callvoice.store.schema import calls, reviews
from callvoice.store.scope import find
from callvoice.types import MistakeId


@dataclass(frozen=True)
class Review:
    """One person's verdict, yes, no or unsure, on one mistake in the call that ``call`` names: an
    id, the beginning of one, or a file name.
    """

    call: str
    mistake: MistakeId
    verdict: str
    reviewer: str


class Kept(Struct, frozen=True):
    """How many reviews were kept, and the names that mean no call, or several."""

    n_kept: int
    unknown: tuple[str, ...]


def keep(store: Store, said: Sequence[Review]) -> Kept:
    """Keep reviews, all in one transaction, in place of earlier ones of the same person on the same
    mistake in the same call.
    """
    found = {name: find(store, name) for name in dict.fromkeys(review.call for review in said)}
    id_of = {name: ids[0] for name, ids in found.items() if len(ids) == 1}
    known = [review for review in said if review.call in id_of]
    with store.writing() as connection:
        for review in known:
            _write(connection, id_of[review.call], review)
    return Kept(len(known), tuple(name for name in found if name not in id_of))


def _write(connection: Connection, call_id: str, review: Review) -> None:
    call = connection.scalar(select(calls.c.id).where(calls.c.call_id == call_id))
    of = {"call": call, "mistake": review.mistake, "reviewer": review.reviewer}
    earlier = (reviews.c[name] == value for name, value in of.items())
    connection.execute(delete(reviews).where(*earlier))
    row = {**of, "verdict": review.verdict, "at": datetime.now(UTC)}
    if call is not None:  # else it was purged a moment ago
        connection.execute(insert(reviews).values(row))

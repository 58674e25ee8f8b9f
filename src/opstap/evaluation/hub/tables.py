"""What a hub keeps: records of cells it knows, under pseudonyms that only the cell can lead back to a person."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from opstap.evaluation.store.tables import NAMING, column


class HubBase(DeclarativeBase):
    """Base of the hub's tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigInteger}  # noqa: RUF012  SQLAlchemy's way of declaring it


class Member(HubBase):
    """A cell that may send, or another hub that may ask for aggregates."""

    __tablename__ = "members"
    member: Mapped[str] = column("name of the cell or hub", primary_key=True)
    role: Mapped[str] = column("cell (sends records) or hub (asks for aggregates)")
    region: Mapped[str] = column("region its records count for; empty for a hub")
    token_sha256: Mapped[str] = column("SHA-256 of its token, hexadecimal; the token itself is not kept")
    last_sequence: Mapped[int] = column("highest sequence number received from it")


class HubCycle(HubBase):
    """One finished case."""

    __tablename__ = "cycles"
    member: Mapped[str] = mapped_column(
        ForeignKey("members.member", ondelete="CASCADE"), primary_key=True, doc="cell that sent it"
    )
    id: Mapped[str] = column("id of the run", primary_key=True)
    sequence: Mapped[int] = column("sequence number it came with; a lower one that comes later is old news")
    person: Mapped[str] = column("pseudonym at the hub")
    region: Mapped[str] = column("region of the cell")
    cell: Mapped[str] = column("cell id of the scene")
    task: Mapped[str] = column("task id")
    condition: Mapped[str] = column("condition of the study; empty: ordinary work")
    simulated: Mapped[bool] = column("true: simulated")
    day: Mapped[str] = column("day, UTC, YYYY-MM-DD")
    seconds: Mapped[float | None] = column("duration, s; empty: unknown")
    paused_seconds: Mapped[float] = column("of which paused, s")
    steps: Mapped[int] = column("steps finished")
    picks: Mapped[int] = column("right parts taken")
    errors: Mapped[int] = column("wrong picks, too many, wrong places and missing parts; disputed ones not counted")
    empty_bins: Mapped[int] = column("bins found empty")
    disputed: Mapped[int] = column("problems the person disputed")
    help_calls: Mapped[int] = column("calls for help")
    coach_seconds: Mapped[float] = column("time with a coach, s")
    level: Mapped[str] = column("guidance level at the start")


class HubTally(HubBase):
    """Cases packed at one cell on one day."""

    __tablename__ = "tallies"
    member: Mapped[str] = mapped_column(
        ForeignKey("members.member", ondelete="CASCADE"), primary_key=True, doc="cell that sent it"
    )
    id: Mapped[str] = column("id of the tally", primary_key=True)
    sequence: Mapped[int] = column("sequence number it came with")
    region: Mapped[str] = column("region of the cell")
    cell: Mapped[str] = column("cell id of the scene")
    task: Mapped[str] = column("task id")
    day: Mapped[str] = column("day, UTC, YYYY-MM-DD")
    simulated: Mapped[bool] = column("true: simulated")
    jobs: Mapped[int] = column("cases packed")


class HubErasure(HubBase):
    """A person of whom everything up to a sequence number was removed, and is not taken in again."""

    __tablename__ = "erasures"
    member: Mapped[str] = mapped_column(
        ForeignKey("members.member", ondelete="CASCADE"), primary_key=True, doc="cell that asked"
    )
    person: Mapped[str] = column("pseudonym at the hub", primary_key=True)
    id: Mapped[str] = column("id of the request")
    sequence: Mapped[int] = column("records of this person up to here are refused")


Index("ix_cycles_person", HubCycle.member, HubCycle.person)
Index("ix_cycles_day", HubCycle.day)

"""The tables, each column with its meaning and unit: from these texts the data dictionary is made.

People appear as pseudonyms only. A row that comes from a journal has an id made of the journal's identity and the
number of the entry it began with, so reading the same journal again writes the same rows.

Moments are integer nanoseconds: of the cell's clock in what comes from a journal (since 1970 in a real cell, since the
start in a simulated one), of the machine's clock elsewhere (`_at` columns). Durations are seconds, worked out by the
work guide.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables. Constraints have names, so that migrations can change them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigInteger}  # noqa: RUF012  SQLAlchemy's way of declaring it


def column(meaning: str, **options: Any) -> Any:
    """A column with what it means."""
    return mapped_column(doc=meaning, **options)


def reference(target: str, meaning: str, **options: Any) -> Any:
    """A column that points at a row of another table and goes with it."""
    return mapped_column(ForeignKey(target, ondelete="CASCADE"), doc=meaning, index=True, **options)


class Person(Base):
    """A person who works at a cell, known by a pseudonym only. Erasing the row erases all that hangs on it."""

    __tablename__ = "people"
    person: Mapped[str] = column("pseudonym: a profile id of the scene; never a name", primary_key=True)
    simulated: Mapped[bool] = column("true: a virtual worker, not a human being")
    created_at: Mapped[int] = column("when the pseudonym was first used, ns since 1970")


class Consent(Base):
    """What a person said yes or no to. The newest row of a purpose counts; without any, the answer is no."""

    __tablename__ = "consents"
    id: Mapped[UUID] = column("id of this decision", primary_key=True)
    person: Mapped[str] = reference("people.person", "whose decision")
    purpose: Mapped[str] = column("records, answers, hub or research: see Purpose")
    granted: Mapped[bool] = column("true: yes; false: no, or withdrawn")
    decided_at: Mapped[int] = column("when it was said, ns since 1970")
    expires_at: Mapped[int | None] = column("from when the yes no longer counts, ns since 1970; empty: until withdrawn")
    text_version: Mapped[str] = column("version of the text the person was shown")


class Session(Base):
    """One stretch of work of one person at one cell, under one condition of a study."""

    __tablename__ = "sessions"
    id: Mapped[UUID] = column("id of the session", primary_key=True)
    person: Mapped[str] = reference("people.person", "who worked")
    cell: Mapped[str] = column("cell id of the scene")
    task: Mapped[str] = column("task id of the work instructions")
    condition: Mapped[str] = column("condition of the study, e.g. with or without; empty: ordinary work")
    simulated: Mapped[bool] = column("true: the cell or the person was simulated")
    started_at: Mapped[int] = column("start, ns since 1970 (in a simulated pilot: of the simulated calendar)")
    ended_at: Mapped[int | None] = column("end, ns since 1970; empty while it goes on or when it was cut off")


class Run(Base):
    """One job: one case packed, or begun. A cycle in the sense of cycle time."""

    __tablename__ = "runs"
    id: Mapped[UUID] = column("id of the run", primary_key=True)
    session: Mapped[UUID] = reference("sessions.id", "in which session")
    entry: Mapped[int] = column("number of the journal entry it began with: the order of runs, whatever the clock says")
    started: Mapped[int] = column("first step shown, ns of the cell's clock")
    ended: Mapped[int | None] = column("last part placed, ns of the cell's clock; empty: not finished")
    seconds: Mapped[float | None] = column("from first step shown to job done, s; empty: not finished or clock changed")
    paused_seconds: Mapped[float] = column("of which paused, s")
    steps: Mapped[int] = column("steps finished")
    picks: Mapped[int] = column("right parts taken out of bins")
    corrections: Mapped[int] = column("times the person said the system was wrong")
    missed_events: Mapped[int] = column("gaps in what perception reported; above 0 the counts may be too low")
    clock_ok: Mapped[bool] = column("false: the clock was set in this run, so its durations are unknown")


class StepRecord(Base):
    """One finished step of a run."""

    __tablename__ = "steps"
    id: Mapped[UUID] = column("id of the step record", primary_key=True)
    run: Mapped[UUID] = reference("runs.id", "in which run")
    step: Mapped[str] = column("step id of the work instructions")
    position: Mapped[int] = column("order in which it was finished in the run, from 1")
    done: Mapped[int] = column("when it was finished, ns of the cell's clock")
    seconds: Mapped[float | None] = column("from shown to finished, s; empty where the clock changed")


class ProblemRecord(Base):
    """Something that had to be put right: a fact about a place, not about a person."""

    __tablename__ = "problems"
    id: Mapped[UUID] = column("id of the problem", primary_key=True)
    run: Mapped[UUID] = reference("runs.id", "in which run")
    step: Mapped[str] = column("step that was being worked on; empty: none")
    trouble: Mapped[str] = column(
        "wrong_pick, too_many, wrong_slot, missing, empty_bin, or rework: a check was not right"
    )
    place: Mapped[str] = column("bin or slot id of the scene")
    seen: Mapped[int] = column("when it was seen, ns of the cell's clock")
    seconds: Mapped[float | None] = column("from seen to put right, s; empty: not put right, or the clock changed")
    disputed: Mapped[bool] = column("true: the person said the system was wrong, so it need not have been an error")


class Coaching(Base):
    """One stretch in which a coach was called or helped."""

    __tablename__ = "coaching"
    id: Mapped[UUID] = column("id of the interval", primary_key=True)
    session: Mapped[UUID] = reference("sessions.id", "in which session")
    run: Mapped[UUID | None] = reference("runs.id", "in which run; empty: between runs")
    asked_by: Mapped[str] = column("worker (pressed help) or coach (came or was noted by the coach)")
    started: Mapped[int] = column("call, ns of the cell's clock")
    seconds: Mapped[float | None] = column("from call to help done, s; empty: still open, or the clock changed")


class GuidanceLevel(Base):
    """The level of guidance from a moment on."""

    __tablename__ = "guidance_levels"
    id: Mapped[UUID] = column("id of the change", primary_key=True)
    session: Mapped[UUID] = reference("sessions.id", "in which session")
    since: Mapped[int] = column("from when, ns of the cell's clock")
    level: Mapped[str] = column("full, short, lights or off")
    changed_by: Mapped[str] = column(
        "profile (set beforehand), worker, rule, or alone (the worker asked to be left alone)"
    )


class Form(Base):
    """One questionnaire that a person opened; kept when half filled, and then said to be so."""

    __tablename__ = "forms"
    id: Mapped[UUID] = column("id of the form", primary_key=True)
    person: Mapped[str] = reference("people.person", "who answers")
    instrument: Mapped[str] = column("instrument id, e.g. sus_simplified")
    version: Mapped[str] = column("version of the instrument's file")
    phase: Mapped[str] = column("moment in the study: pre, post, week_1, week_2, ...")
    condition: Mapped[str] = column("condition of the study the answers are about; empty: none")
    language: Mapped[str] = column("language it was asked in")
    simulated: Mapped[bool] = column("true: answers of a virtual worker")
    opened_at: Mapped[int] = column("when it was opened, ns since 1970")
    finished_at: Mapped[int | None] = column("when it was handed in, ns since 1970; empty: half filled")


class Answer(Base):
    """The answer to one item of a form. An item that was skipped has a row without value."""

    __tablename__ = "answers"
    form: Mapped[UUID] = reference("forms.id", "in which form", primary_key=True)
    item: Mapped[str] = column("item id of the instrument", primary_key=True)
    value: Mapped[float | None] = column("the number chosen; empty: skipped, or an answer in words")
    text: Mapped[str | None] = column("answer in words, where the item asks for words")
    answered_at: Mapped[int] = column("when it was given, ns since 1970")


class Tally(Base):
    """Cases packed a day, by whom is not kept: the only figure that needs nobody's consent."""

    __tablename__ = "tallies"
    cell: Mapped[str] = column("cell id of the scene", primary_key=True)
    task: Mapped[str] = column("task id of the work instructions", primary_key=True)
    day: Mapped[str] = column("day, UTC, YYYY-MM-DD", primary_key=True)
    simulated: Mapped[bool] = column("true: a simulated cell", primary_key=True)
    jobs: Mapped[int] = column("jobs finished")


class JournalCursor(Base):
    """How far a cell's journal has been read, and to whom the rest belongs. Bookkeeping; not exported."""

    __tablename__ = "journal_cursors"
    journal: Mapped[UUID] = column("identity of the journal file", primary_key=True)
    settled: Mapped[int] = column("last entry that needs no second reading")
    session: Mapped[UUID | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="SET NULL"), doc="session of the entries from here on; empty: nobody's"
    )
    since_at: Mapped[int] = column("when somebody sat down here, ns since 1970")
    since_stamp: Mapped[int | None] = column("stamp of the first entry after that, ns of the cell's clock")
    clock_set: Mapped[list[int]] = column("numbers of entries after which the clock was set", type_=JSON)


class Outgoing(Base):
    """What is to be told to the hub, in order; a row goes when the hub has proved that it has it. Not exported."""

    __tablename__ = "outbox"
    sequence: Mapped[int] = column(
        "order of writing", primary_key=True, autoincrement=True, type_=BigInteger().with_variant(Integer, "sqlite")
    )
    id: Mapped[UUID] = column("id of the record; one that comes again replaces the earlier one")
    kind: Mapped[str] = column("cycle, tally or erase")
    person: Mapped[str | None] = reference("people.person", "whom it is about; empty: nobody")
    content: Mapped[dict[str, Any]] = column("the record as the hub gets it", type_=JSON)
    __table_args__ = (UniqueConstraint("id"), {"sqlite_autoincrement": True})  # a number is never used twice


class Fact(Base):
    """A few facts about this store itself. Bookkeeping; not exported."""

    __tablename__ = "facts"
    name: Mapped[str] = column("name of the fact", primary_key=True)
    value: Mapped[str] = column("its value")


Index("ix_consents_purpose", Consent.person, Consent.purpose, Consent.decided_at)

BOOKKEEPING = frozenset({"journal_cursors", "outbox", "facts"})
"""Tables that say nothing of the work and are not exported."""

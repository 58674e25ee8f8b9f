"""What cell and hub say to each other: JSON over HTTPS, checked on both sides.

A cell sends a batch, the hub says what it received, and the cell then asks for a proof: a digest, with a number only
used once, over the records as the hub has them on its disk. Only what was proved leaves the cell's outbox. All of it
can be repeated: a record replaces an earlier one with its id, and one with a lower sequence number is old news.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_RECORDS = 500
"""Records in a batch."""
MAX_ANSWER = 65_536
"""Longest answer that a cell reads, bytes."""
MAX_GROUPS = 8_000_000
"""Longest answer with groups that is read, bytes."""
FEWEST = 5
"""Fewest people of a group that is shown, and that is believed."""
MAX_BATCH = 1_000_000
"""Size of a batch, bytes."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
Text = Annotated[str, Field(max_length=100)]
Trouble = Literal["wrong_pick", "too_many", "wrong_slot", "missing", "empty_bin"]


class Message(BaseModel):
    """Base of everything that is sent: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CycleContent(Message):
    """One finished case; meanings as in the hub's table."""

    id: Name
    person: Name
    cell: Name
    task: Name
    condition: Text
    simulated: bool
    day: Day
    seconds: Seconds | None
    paused_seconds: Seconds
    steps: Count
    picks: Count
    problems: dict[Trouble, Count]
    disputed: Count
    help_calls: Count
    coach_seconds: Seconds
    level: Text


class TallyContent(Message):
    """Cases packed on a day."""

    id: Name
    cell: Name
    task: Name
    day: Day
    simulated: bool
    jobs: Count


class EraseContent(Message):
    """Remove all there is of a person."""

    person: Name


class CycleRecord(Message):
    """A cycle on its way."""

    kind: Literal["cycle"]
    sequence: Count
    id: Name
    content: CycleContent


class TallyRecord(Message):
    """A tally on its way."""

    kind: Literal["tally"]
    sequence: Count
    id: Name
    content: TallyContent


class EraseRecord(Message):
    """A request to erase on its way."""

    kind: Literal["erase"]
    sequence: Count
    id: Name
    content: EraseContent


Record = Annotated[CycleRecord | TallyRecord | EraseRecord, Field(discriminator="kind")]


class Batch(Message):
    """What a cell sends: POST /v1/batches."""

    version: Literal[1] = 1
    batch: Name
    records: Annotated[tuple[Record, ...], Field(min_length=1, max_length=MAX_RECORDS)]


class Receipt(Message):
    """The hub's answer to a batch, given when it is on the hub's disk."""

    batch: Name
    received: Count
    last_sequence: Count


class ProofRequest(Message):
    """A cell asks whether the hub has records: POST /v1/proofs."""

    nonce: Annotated[str, Field(min_length=16, max_length=100)]
    records: Annotated[tuple[tuple[Literal["cycle", "tally", "erase"], Name], ...], Field(max_length=MAX_RECORDS)]


class Proof(Message):
    """The digest of what the hub has of the records that were asked."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def digest(nonce: str, contents: Iterable[Any]) -> str:
    """SHA-256 over the nonce and the contents, each as JSON with sorted keys; None for one that is not there."""
    sha = hashlib.sha256(nonce.encode())
    for content in contents:
        sha.update(b"\n" + json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    return sha.hexdigest()


CONTENTS: dict[str, type[Message]] = {"cycle": CycleContent, "tally": TallyContent, "erase": EraseContent}


def essence(kind: str, content: Mapping[str, Any] | Message) -> dict[str, Any]:
    """What of a record is kept and proved: its figures, each of its type.

    Raises:
        ValidationError: `content` is none of this kind.
    """
    read = content if isinstance(content, Message) else CONTENTS[kind].model_validate(content)
    kept = read.model_dump()
    if kind != "cycle":
        return kept
    problems = kept.pop("problems")
    empty = problems.get("empty_bin", 0)
    return kept | {"errors": sum(problems.values()) - empty, "empty_bins": empty}


Figure = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None


class Group(Message):
    """What a hub shows of one group of people: means over people, durations in seconds without pauses."""

    region: Text
    task: Name
    condition: Text
    simulated: bool
    quarter: Annotated[str, Field(pattern=r"^\d{4}-Q[1-4]$")]
    people: Annotated[float, Field(ge=FEWEST, le=2**53)]
    cycles: Annotated[float, Field(ge=FEWEST, le=2**53)]
    seconds: Figure
    seconds_variance: Figure
    errors_per_100: Figure
    coach_minutes_per_hour: Figure
    help_calls_per_hour: Figure


class Groups(Message):
    """The answer to /v1/aggregates."""

    groups: tuple[Group, ...]

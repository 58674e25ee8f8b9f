"""Everything that may leave the cell for a factory, and nothing else: a closed list of facts about work and material.

No fact here is about a person: no pseudonym, language or level, no pause, no call for help, no mistake, no step, no
duration, and no moment finer than a day. Group figures of five people and more are the hub's (docs/hub.md).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST = 100_000
"""Most cases of one order."""
OrderNumber = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="the factory's own number of the order")
]
TaskId = Annotated[str, Field(min_length=1, max_length=100, description="task id of the work instructions")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", description="day, UTC")]
Count = Annotated[int, Field(ge=0, le=2**53)]
Doing = Literal["ready", "working", "material", "silent"]
"""`ready`: no case was begun; `working`: one was, also while it rests; `material`: a bin that is asked is empty;
`silent`: the cell is not heard."""
Progress = Literal["open", "done", "cancelled"]
Happening = Literal["order_placed", "order_done", "order_cancelled", "job_done"]


class Fact(BaseModel):
    """Base of everything that is told: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Order(Fact):
    """What a factory asks: so many cases of a task."""

    order: OrderNumber
    task: TaskId
    count: Annotated[int, Field(ge=1, le=MOST, description="cases")]


class OrderState(Order):
    """An order, and how far it is."""

    done: Annotated[Count, Field(description="cases that are finished")]
    progress: Progress


class Orders(Fact):
    """Orders, oldest first."""

    orders: tuple[OrderState, ...]


class Job(Fact):
    """One finished case."""

    number: Annotated[int, Field(ge=1, description="counts up from 1 without gaps")]
    task: TaskId
    order: Annotated[str, Field(max_length=64, description="the order it counted for; empty: none was open")]
    day: Day


class Jobs(Fact):
    """Finished cases, oldest first."""

    jobs: tuple[Job, ...]


class CellState(Fact):
    """What the cell is doing now."""

    cell: Annotated[str, Field(max_length=100, description="cell id of the scene")]
    task: TaskId
    simulated: bool
    doing: Doing
    empty: Annotated[tuple[str, ...], Field(description="part ids of bins that are seen to be empty, sorted")]
    jobs: Annotated[Count, Field(description="cases finished since the bridge was first switched on")]
    order: Annotated[str, Field(max_length=64, description="the order that is worked on; empty: none is open")]
    order_done: Count
    order_count: Count


class Event(Fact):
    """Something that happened once. The same number is the same event, should it come twice."""

    number: Annotated[int, Field(ge=1, description="counts up from 1; a gap: some were dropped, `lost` says how many")]
    happened: Happening
    order: Annotated[str, Field(max_length=64)]
    task: TaskId
    done: Annotated[Count, Field(description="cases of the order that are finished")]
    day: Day
    lost: Annotated[Count, Field(description="events that were dropped because the broker was away too long")]


class Told(Fact):
    """Why something was refused."""

    error: str

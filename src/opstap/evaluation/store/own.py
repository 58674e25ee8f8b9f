"""Which rows are about whom, and all that is kept of one person, for that person to take away."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, select

from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import BOOKKEEPING, Base, Form, Person, Run, Session


def rows_of(table: Table, people: Select[Any]) -> Select[Any]:
    """The table's rows of `people`, by whatever way a row hangs on one; of `tallies`, which hang on nobody, all."""
    rows = select(table)
    if "person" in table.c:
        return rows.where(table.c.person.in_(people))
    sessions = select(Session.id).where(Session.person.in_(people))
    if "session" in table.c:
        return rows.where(table.c.session.in_(sessions))
    if "run" in table.c:
        return rows.where(table.c.run.in_(select(Run.id).where(Run.session.in_(sessions))))
    if "form" in table.c:
        return rows.where(table.c.form.in_(select(Form.id).where(Form.person.in_(people))))
    assert table.name == "tallies", f"{table.name} hangs on no person"
    return rows


def kept_of(store: Store, person: str) -> dict[str, list[dict[str, Any]]]:
    """Every row about `person` by table, whatever that person allowed: ids as text, empty tables left out."""
    who = select(Person.person).where(Person.person == person)
    kept = {}
    with store.reading() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in BOOKKEEPING or table.name == "tallies":
                continue
            rows = connection.execute(rows_of(table, who)).mappings()
            plain = [{k: v if isinstance(v, int | float | str | None) else str(v) for k, v in r.items()} for r in rows]
            if plain:
                kept[table.name] = plain
    return kept

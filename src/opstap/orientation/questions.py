"""The questions before and after a session, by the same page and into the same store as all others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.questions.routes import Questions
from opstap.evaluation.questions.sitting import AnswerError, Asked, Sitting, asked_in
from opstap.evaluation.store import Store
from opstap.evaluation.study import load_study
from opstap.orientation.session import Phase, Session


def questionnaires(config: Path, study: Path, store: Store, session: Callable[[], Session]) -> Questions:
    """What `study` asks of who is here now: as before the session until it ends, and then as after it.

    Args:
        session: the one that is going on.

    Raises:
        DocumentError: the study's or a questionnaire's file is wrong.
        AnswerError: it is no study of before and after.
    """
    instruments = load_instruments(config / "instruments")
    loaded = load_study(study, instruments)
    asked: dict[str, Asked] = {}
    for condition in loaded.conditions:
        asked.setdefault(condition.forms, asked_in(loaded, condition.id, instruments))
    for phase in ("pre", "post"):
        if phase not in asked:
            found = ", ".join(asked) or "none"
            raise AnswerError(
                f"study '{loaded.study}': found conditions with forms {found}, allowed: one with forms {phase}"
            )

    def sitting() -> Sitting:
        now = session()
        phase = "post" if now.phase is Phase.AFTER else "pre"
        return Sitting(store, asked[phase], now.person, now.language, simulated=False)

    return Questions(sitting)

"""Lab 3: a fact and a rule."""

from collections.abc import Sequence

from opstap.workflow.model import Happened, WorkspaceEvent

WINDOW = 600
"""Seconds that are looked back."""
LEAST = 5
"""With fewer events in that time nothing is known."""


def put_backs(events: Sequence[WorkspaceEvent], now: int) -> int | None:
    """Parts put back into bins in the last ten minutes before `now`, ns; None: too little was seen to say.

    An event can be about more than one part (`count`), and one of low confidence (below 0.5) does not count.
    """
    recent = [e for e in events if now - WINDOW * 1_000_000_000 <= e.stamp <= now]
    if len(recent) < LEAST:
        return None
    return sum(e.count for e in recent if e.happened is Happened.PUT_BACK and e.confidence >= 0.5)


RULES = """
spacing_minutes: 30
rules:
  - id: long_and_slow
    advice: break
    when:
      - {fact: pace, above: 1.4, until: 1.1, lasting: 300}
      - {fact: since_break, above: 5400, until: 0}
    said: [not_good]
    says:
      en: "The last steps took {pace} times as long as usual, and your last break was long ago. Do you want a break?"
      nl: "De laatste stappen duurden {pace} keer zo lang als anders, en je pauze is lang geleden. Wil je pauze?"
"""

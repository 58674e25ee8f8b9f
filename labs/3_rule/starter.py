"""Lab 3: a fact and a rule."""

from collections.abc import Sequence

from opstap.workflow.model import WorkspaceEvent

WINDOW = 600
"""Seconds that are looked back."""
LEAST = 5
"""With fewer events in that time nothing is known."""


def put_backs(events: Sequence[WorkspaceEvent], now: int) -> int | None:
    """Parts put back into bins in the last ten minutes before `now`, ns; None: too little was seen to say.

    An event can be about more than one part (`count`), and one of low confidence (below 0.5) does not count.
    """
    return 0


RULES = """
spacing_minutes: 30
rules:
  - id: long_and_slow
    advice: break
    when:
      - {fact: pace, above: 1.4}
    says:
      en: "You are slow. Take a break."
"""

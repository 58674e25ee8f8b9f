"""From the work's state and the hands to facts.

Times are seconds of the cell's clock. Where it jumps it is believed from there on; what spans the jump is not measured.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass, field

from opstap.monitoring.baseline import Baseline
from opstap.monitoring.facts import Fact, FactName
from opstap.workflow.model import Phase, State, Trouble

RECENT = 10
"""Steps that pace and error streak look at."""
FADING = 0.25
"""Weight of the newest step in the pace."""
BREAK = 300.0
"""A pause or absence of so long is a break, s."""
REACH_WINDOW = 600.0
"""Time over which reach is told, s."""
HANDS_MISSING = 3.0
"""Without news of hands for so long, what needs them is not known, s."""
JUMP = 60.0
"""The clock was set when it goes back at all or ahead by more than this between two looks, s."""
LONGEST = 600.0
"""A step that took longer was something else: it counts for nothing, s."""
STILL = 3.0
"""Hands that rest for less are at work: it is no hesitation, and does not tell what is usual, s."""
MIXUPS = (Trouble.WRONG_PICK, Trouble.TOO_MANY, Trouble.WRONG_SLOT, Trouble.MISSING)


@dataclass
class Observer:
    """What is seen of one person's work. All in memory; `Observer()` has forgotten everything."""

    reach: float = 0.38
    """How far from the table's edge this person's reach ends, m."""
    _steps: dict[str, Baseline] = field(default_factory=lambda: defaultdict(lambda: Baseline(60.0, 5)))
    _ratios: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _mixups: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))
    _usual_mixups: Baseline = field(default_factory=lambda: Baseline(200.0, 20))
    _idles: Baseline = field(default_factory=lambda: Baseline(200.0, 20))
    _far: deque[tuple[float, bool]] = field(default_factory=deque)
    _state: State | None = None
    _current: str = ""
    _now: float | None = None
    _step_began: float = 0.0
    _held_up: bool = False
    """Whether this step had a pause, help or an empty bin in it."""
    _step_mixups: int = 0
    _active: float = 0.0
    _hands: float | None = None
    _hand_seen: float = 0.0
    _paused_at: float | None = None
    _break_ended: float = 0.0
    _empty_since: float | None = None
    _help_since: float | None = None

    def work(self, now: float, state: State, step: str) -> None:
        """The work's state at `now`; `step` is the id of the current step, "" where there is none."""
        self._clock(now)
        before, self._state = self._state, state
        if before is None:
            self._begin_step(now)
            self._current = step
            return
        if before.job != state.job or before.step != state.step:
            done = state.step == before.step + 1 and state.skipped == before.skipped
            if before.job == state.job and done:
                self._step_done(self._current, now)
            self._begin_step(now)
        elif state != before:
            self._moved(now)
        if state.corrected != before.corrected:
            self.disputed()
        seen = {(p.trouble, p.place) for p in state.problems if p.trouble in MIXUPS}
        known = {(p.trouble, p.place) for p in before.problems if p.trouble in MIXUPS}
        self._step_mixups += len(seen - known)
        empty = any(p.trouble is Trouble.EMPTY_BIN for p in state.problems)
        self._empty_since = (self._empty_since or now) if empty else None
        helped = state.help_since is not None
        self._help_since = (self._help_since or now) if helped else None
        if state.paused and self._paused_at is None:
            self._paused_at = now
        elif not state.paused and self._paused_at is not None:
            self._rested(self._paused_at, now)
            self._paused_at = None
        self._current = step
        self._held_up = self._held_up or self._held

    def disputed(self) -> None:
        """The person said that the system is wrong: the newest mix-up was none."""
        if self._step_mixups:
            self._step_mixups -= 1
        elif self._mixups and self._mixups[-1]:
            self._mixups[-1] -= 1

    def hands(self, now: float, reaches: Collection[float], moved: bool) -> None:
        """Hands over the table: how far each is from the person's edge, m; and whether any moved or came or went."""
        self._clock(now)
        if reaches:
            if now - self._hand_seen >= BREAK:
                self._rested(self._hand_seen, now)
            self._hand_seen = now
            self._far.append((now, max(reaches) > self.reach))
        self._hands = now
        if moved:
            self._moved(now)
        while self._far and self._far[0][0] < now - REACH_WINDOW:
            self._far.popleft()

    def facts(self, now: float, off: Collection[FactName] = ()) -> dict[FactName, Fact]:
        """All facts at `now`; those in `off` the person does not want looked at."""
        found = (
            self._pace(),
            self._hesitation(now),
            self._error_streak(),
            self._open(FactName.WAITING_FOR_PARTS, self._empty_since, now),
            self._reach(now),
            self._since_break(now),
            self._absent(now),
            self._open(FactName.ASKED_FOR_HELP, self._help_since, now),
        )
        return {f.name: Fact(f.name, None, why="switched off") if f.name in off else f for f in found}

    def usual(self) -> dict[str, float]:
        """The person's usual time of each step, s, where enough is known."""
        medians = {step: baseline.quantile(0.5) for step, baseline in self._steps.items()}
        return {step: round(m, 2) for step, m in medians.items() if m is not None}

    def _clock(self, now: float) -> None:
        """Notice a clock that was set: nothing is measured across it."""
        last, self._now = self._now, now
        if last is None:
            self._break_ended = self._active = self._hand_seen = self._step_began = now
        elif now < last or now - last > JUMP:
            self._begin_step(now)
            self._break_ended = self._hand_seen = now
            self._paused_at = self._empty_since = self._help_since = None
            self._far.clear()

    def _begin_step(self, now: float) -> None:
        self._step_began, self._held_up, self._step_mixups = now, False, 0
        self._active = now

    @property
    def _held(self) -> bool:
        """Whether the work waits for something that is not the person's: a pause, help, a refill."""
        state = self._state
        return state is not None and (
            state.paused or state.help_since is not None or any(p.trouble is Trouble.EMPTY_BIN for p in state.problems)
        )

    def _moved(self, now: float) -> None:
        """Something happened: if nothing did for a while before, that is part of what is usual."""
        if not self._held and self._working and STILL <= now - self._active < LONGEST:
            self._idles.add(now - self._active)
        self._active = now

    @property
    def _working(self) -> bool:
        return self._state is not None and self._state.phase not in (Phase.READY, Phase.DONE)

    def _step_done(self, step: str, now: float) -> None:
        seconds = now - self._step_began
        self._mixups.append(self._step_mixups)
        if len(self._mixups) == RECENT:
            self._usual_mixups.add(float(sum(self._mixups)))
        # A step with a pause, with help or with an empty bin says nothing of anybody's pace.
        if self._held_up or not 0.0 < seconds < LONGEST:
            return
        own = self._steps[step]
        usual = own.quantile(0.5)
        if usual:
            self._ratios.append(seconds / usual)
        own.add(seconds)

    def _rested(self, since: float, now: float) -> None:
        if now - since >= BREAK:
            self._break_ended = now

    def _pace(self) -> Fact:
        if len(self._ratios) < RECENT // 2:
            return Fact(FactName.PACE, None, why="too few steps of which the usual time is known")
        value = self._ratios[0]
        for ratio in list(self._ratios)[1:]:
            value += FADING * (ratio - value)
        sure = [b.confidence for b in self._steps.values() if len(b)]
        return Fact(FactName.PACE, value, 1.0, sum(sure) / len(sure))

    def _hesitation(self, now: float) -> Fact:
        if self._hands is None or now - self._hands > HANDS_MISSING:
            return Fact(FactName.HESITATION, None, why="hands cannot be seen")
        if not self._working or self._held:
            return Fact(FactName.HESITATION, None, why="no step is asked now")
        return Fact(
            FactName.HESITATION, max(0.0, now - self._active), self._idles.quantile(0.9), self._idles.confidence
        )

    def _error_streak(self) -> Fact:
        if len(self._mixups) < RECENT // 2:
            return Fact(FactName.ERROR_STREAK, None, why="too few steps")
        value = float(sum(self._mixups) + self._step_mixups)
        return Fact(FactName.ERROR_STREAK, value, self._usual_mixups.quantile(0.5), 1.0)

    def _reach(self, now: float) -> Fact:
        if self._hands is None or now - self._hands > HANDS_MISSING:
            return Fact(FactName.REACH, None, why="hands cannot be seen")
        if len(self._far) < 30:
            return Fact(FactName.REACH, None, why="too little seen yet")
        share = sum(far for _, far in self._far) / len(self._far)
        return Fact(FactName.REACH, share, None, min(1.0, (now - self._far[0][0]) / REACH_WINDOW))

    def _since_break(self, now: float) -> Fact:
        if self._now is None:
            return Fact(FactName.SINCE_BREAK, None, why="nothing seen yet")
        resting = self._paused_at is not None and now - self._paused_at >= BREAK
        return Fact(FactName.SINCE_BREAK, 0.0 if resting else max(0.0, now - self._break_ended), None, 1.0)

    def _absent(self, now: float) -> Fact:
        if self._hands is None or now - self._hands > HANDS_MISSING:
            return Fact(FactName.ABSENT, None, why="hands cannot be seen")
        return Fact(FactName.ABSENT, max(0.0, now - max(self._hand_seen, self._active)), None, 1.0)

    def _open(self, name: FactName, since: float | None, now: float) -> Fact:
        if self._state is None:
            return Fact(name, None, why="the work is not seen")
        return Fact(name, 0.0 if since is None else max(0.0, now - since), None, 1.0)

"""Lab 6: a topic to open in the orientation, and something that happens at work too."""

import shutil
from pathlib import Path

from opstap.orientation.session import SECOND, Session, WishError

LASTS = 15 * SECOND
"""How long the part stays away, ns, if nobody ends it before."""

HOT_SPOT = """
id: gloves
kind: safety
at: bin_08
title: {en: Gloves, nl: Handschoenen}
text:
  - {en: Some people wear gloves at work., nl: Sommige mensen dragen handschoenen.}
  - {en: The light works with gloves too., nl: Het licht werkt ook met handschoenen.}
quiz:
  question: {en: Do you need to take them off?, nl: Moet je ze uitdoen?}
  answers:
    - text: {en: No, nl: Nee}
      right: true
      reply: {en: Yes. You may keep them on., nl: Ja. Je mag ze aanhouden.}
    - text: {en: "Yes", nl: Ja}
      reply: {en: You may keep them on. The camera sees them., nl: Je mag ze aanhouden. De camera ziet ze.}
"""

DISTURBANCE = {
    "title": {"en": "A part is borrowed", "nl": "Er wordt iets geleend"},
    "text": {
        "en": "A colleague borrows a part. It comes back soon.",
        "nl": "Een collega leent een ding. Het komt zo terug.",
    },
}
"""What is said of it, in English and Dutch: a colleague borrows a part, and brings it back."""


class Borrowing(Session):
    """A session in which a colleague can borrow the part that was placed last."""

    borrowed: tuple[str, str] | None = None
    """Slot and part that are away."""
    since = 0
    """`active` when it was borrowed, ns."""

    def borrow(self, now: int) -> None:
        """A colleague takes the part of the last finished step out of its slot; `tryout.state.step` tells which.

        Only inside, not paused, and while nothing else disturbs.

        Raises:
            WishError: not now, or there is nothing in the case that could be borrowed.
        """
        self._need(self._free and not self.disturbance and self.borrowed is None, "borrow")
        done = self.tryout.state.step
        if done == 0 or self.tryout.held is not None:
            raise WishError("borrow: found nothing to borrow, allowed: with a part in the case and an empty hand")
        slot = self.cell.task.steps[done - 1].slot
        self.tryout.take(slot, now)
        self.borrowed, self.tryout.held, self.since = (slot, self.tryout.held), None, self.active

    def calm(self, now: int) -> None:
        """End what disturbs: the colleague brings the part back."""
        super().calm(now)
        if self.borrowed is not None:
            slot, part = self.borrowed
            hand, self.tryout.held = self.tryout.held, part
            self.tryout.put(slot, now)
            self.borrowed, self.tryout.held = None, hand

    def tick(self, now: int) -> None:
        """Let time pass; what was borrowed comes back by itself after `LASTS`."""
        super().tick(now)
        if self.borrowed is not None and self.active - self.since >= LASTS:
            self.calm(now)


def main() -> None:
    """The shipped job with your topic, as a file of your own."""
    job = Path("config/jobs/oral_care_packer.yaml").read_text(encoding="utf-8")
    spot = "  - " + HOT_SPOT.strip().replace("\n", "\n    ") + "\n"
    before, after = job.split("disturbances:", 1)
    shutil.copytree("config/jobs/panoramas", "lab_work/panoramas", dirs_exist_ok=True)  # looked for beside the file
    Path("lab_work/my_job.yaml").write_text(f"{before.rstrip()}\n{spot}\ndisturbances:{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Lab 6: a topic to open in the orientation, and something that happens at work too."""

import shutil
from pathlib import Path

from opstap.orientation.session import SECOND, Session

LASTS = 15 * SECOND
"""How long the part stays away, ns, if nobody ends it before."""

HOT_SPOT = """
id: gloves
kind: work
at: case
title: {en: Gloves}
text:
  - {en: You must always wear gloves and if you forget them you will be sent home by the boss.}
"""

DISTURBANCE = {"title": {"en": "", "nl": ""}, "text": {"en": "", "nl": ""}}
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

    def calm(self, now: int) -> None:
        """End what disturbs: the colleague brings the part back."""
        super().calm(now)

    def tick(self, now: int) -> None:
        """Let time pass; what was borrowed comes back by itself after `LASTS`."""
        super().tick(now)


def main() -> None:
    """The shipped job with your topic, as a file of your own."""
    job = Path("config/jobs/oral_care_packer.yaml").read_text(encoding="utf-8")
    spot = "  - " + HOT_SPOT.strip().replace("\n", "\n    ") + "\n"
    before, after = job.split("disturbances:", 1)
    shutil.copytree("config/jobs/panoramas", "lab_work/panoramas", dirs_exist_ok=True)  # looked for beside the file
    Path("lab_work/my_job.yaml").write_text(f"{before.rstrip()}\n{spot}\ndisturbances:{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

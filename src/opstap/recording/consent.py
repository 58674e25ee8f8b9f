"""Who may keep depth pictures, and until when: written in every recording, and held to.

Depth pictures show people. They are recorded only when the people in them agreed, and every such recording says until
when it may be kept. After that day it is not opened any more, and `opstap purge` deletes it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

CONSENT, EXPIRES, PEOPLE = "opstap_consent", "opstap_expires", "opstap_people"
"""Keys in `custom_data` of a rosbag2 folder's metadata.yaml."""
LONGEST = 365
"""Days that a recording may be kept at most."""


class ConsentError(Exception):
    """This may not be recorded or opened; the message says why and what to do."""


@dataclass(frozen=True)
class Terms:
    """What a recording's metadata say."""

    consent: bool
    expires: date | None

    def custom_data(self) -> dict[str, str]:
        return {CONSENT: str(self.consent).lower(), EXPIRES: self.expires.isoformat() if self.expires else ""}


def terms(consent: str, expires: str, today: date) -> Terms:
    """The terms for recording depth.

    Raises:
        ConsentError: no consent, or no day within a year until which it may be kept.
    """
    if consent != "true":
        raise ConsentError(
            f"consent: found '{consent}', allowed: true, and only when everybody in the pictures agreed. Depth "
            "pictures show people; without consent record with depth:=false"
        )
    try:
        day = date.fromisoformat(expires)
    except ValueError:
        day = date.min
    if not today <= day <= today + timedelta(days=LONGEST):
        raise ConsentError(
            f"expires: found '{expires}', allowed: the day until which it may be kept, {today.isoformat()} to "
            f"{(today + timedelta(days=LONGEST)).isoformat()}"
        )
    return Terms(True, day)


def terms_of(folder: Path) -> Terms:
    """The terms that a recording was made under.

    Raises:
        ConsentError: it is no recording.
    """
    try:
        custom = _custom_data(folder)
        expires = str(custom.get(EXPIRES) or "")
        return Terms(custom.get(CONSENT) == "true", date.fromisoformat(expires) if expires else None)
    except (OSError, KeyError, TypeError, AttributeError, ValueError, YAMLError) as error:
        raise ConsentError(f"{folder}: no recording ({type(error).__name__}), allowed: a rosbag2 folder") from error


def people_of(folder: Path) -> frozenset[str]:
    """Profile ids of who worked while it was recorded.

    Raises:
        ConsentError: it is no recording.
    """
    try:
        return frozenset(str(_custom_data(folder).get(PEOPLE) or "").split())
    except (OSError, KeyError, TypeError, AttributeError, ValueError, YAMLError) as error:
        raise ConsentError(f"{folder}: no recording ({type(error).__name__}), allowed: a rosbag2 folder") from error


def _custom_data(folder: Path) -> dict[str, Any]:
    data = YAML(typ="safe").load((folder / "metadata.yaml").read_text(encoding="utf-8"))
    return dict(data["rosbag2_bagfile_information"].get("custom_data") or {})


def check_open(folder: Path, today: date) -> Terms:
    """The terms of a recording that may still be opened.

    Raises:
        ConsentError: it has expired, or it is none.
    """
    kept = terms_of(folder)
    if kept.expires and today > kept.expires:
        raise ConsentError(
            f"{folder}: expired on {kept.expires.isoformat()} and may not be opened. Delete it: "
            f"opstap purge {folder.parent}"
        )
    return kept


def purge(root: Path, today: date) -> list[Path]:
    """Delete every expired recording in `root` and below; returns those deleted."""
    gone = []
    for metadata in sorted(root.rglob("metadata.yaml")):
        try:
            kept = terms_of(metadata.parent)
        except ConsentError:
            continue
        if kept.expires and today > kept.expires:
            shutil.rmtree(metadata.parent)
            gone.append(metadata.parent)
    return gone

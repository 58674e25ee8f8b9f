"""Pictures, videos and sounds of a job over HTTP: only files that its hot spots name."""

from __future__ import annotations

import logging
from pathlib import Path

from aiohttp import web

from opstap.orientation.job import HotSpot, Job, files, missing

log = logging.getLogger(__name__)

TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".mp4": "video/mp4", ".webm": "video/webm",
    ".vtt": "text/vtt; charset=utf-8", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav",
}  # fmt: skip
"""The system's own table differs from machine to machine."""


class Media:
    """The files that lie in the job file's `folder`."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._job, self._folder = job, folder

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/orientation/media/{spot}/{what}", self._file)]

    def path(self, spot: HotSpot, what: str) -> str:
        """Path on this server; empty where the hot spot has no such file, or it is not there now."""
        _, file = files(spot).get(what, ((), ""))
        return f"/orientation/media/{spot.id}/{what}" if file and (self._folder / file).is_file() else ""

    def incomplete(self, spot: HotSpot) -> bool:
        """Whether a file that is named is not there now."""
        return any(not (self._folder / file).is_file() for _, file in files(spot).values())

    def gone(self) -> list[str]:
        """What is named and not there now, in words."""
        return missing(self._job, self._folder)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        spot = self._job.spot.get(request.match_info["spot"])
        _, file = files(spot).get(request.match_info["what"], ((), "")) if spot else ((), "")
        path = self._folder / file
        if not file or not path.is_file():
            raise web.HTTPNotFound
        # In ranges, as browsers ask for videos.
        return web.FileResponse(path, headers={"Content-Type": TYPES[path.suffix.lower()]})

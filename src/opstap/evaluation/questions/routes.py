"""The questionnaires over HTTP: routes for a page server that guards its address and the pages' origin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.questions.messages import Decision, Finished, GivenAnswer, Sheet
from opstap.evaluation.questions.sitting import AnswerError, Sitting, asked_in
from opstap.evaluation.store import NoConsentError, Store, StoreError
from opstap.evaluation.study import load_study
from opstap.scene import Language
from opstap.speech import SpeechError, can_speak, speak

AnyMessage = TypeVar("AnyMessage", bound=BaseModel)


class Questions:
    """The questions of the person who sits here now.

    Args:
        sitting: who that is.
        clock: ns since 1970.
    """

    def __init__(self, sitting: Callable[[], Sitting], clock: Callable[[], int] = time.time_ns) -> None:
        self._sitting, self._clock = sitting, clock
        self._one = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """What the page asks of its server."""
        return [
            web.get("/questions/sheet", self._sheet),
            web.post("/questions/decision", self._take(Decision, Sitting.decide)),
            web.post("/questions/answer", self._take(GivenAnswer, Sitting.answer)),
            web.post("/questions/finished", self._take(Finished, Sitting.finish)),
            web.get("/questions/speech", self._speech),
        ]

    async def _sheet(self, request: web.Request) -> web.Response:
        return _answer(await self._do(lambda s, now: s.sheet(now, can_speak())))

    def _take(self, kind: type[AnyMessage], use: Callable[[Sitting, AnyMessage, int], None]) -> Any:
        async def take(request: web.Request) -> web.Response:
            try:
                message = kind.model_validate_json(await request.read())
            except ValidationError as error:
                faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5]]
                raise web.HTTPBadRequest(text="\n".join(faults) + "\n") from error

            def used(sitting: Sitting, now: int) -> Sheet:
                use(sitting, message, now)
                return sitting.sheet(now, can_speak())

            return _answer(await self._do(used))

        return take

    async def _do(self, use: Callable[[Sitting, int], Sheet]) -> Sheet:
        try:
            async with self._one:  # two first answers at a time would open two forms
                return await asyncio.to_thread(use, self._sitting(), self._clock())
        except AnswerError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except NoConsentError as error:
            raise web.HTTPForbidden(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error

    async def _speech(self, request: web.Request) -> web.Response:
        """A text of the page as sound; the page asks for it where the browser has no voice."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPForbidden(text="Only this server's own pages may ask for speech.\n")
        try:
            sound = await asyncio.to_thread(speak, request.query.get("text", ""), request.query.get("language", ""))
        except SpeechError as error:
            raise web.HTTPNotFound(text=f"{error}\n") from error
        return web.Response(body=sound, content_type="audio/wav")


def questions(config: Path, study: Path, condition: str, store: Store, person: Callable[[], tuple[str, Language]],
              simulated: bool) -> Questions:  # fmt: skip
    """The questionnaires of a study, for whoever `person` tells: a pseudonym, and the language to begin with.

    Raises:
        DocumentError: the study's or a questionnaire's file is wrong.
        AnswerError: the study does not ask anything under `condition`.
    """
    instruments = load_instruments(config / "instruments")
    asked = asked_in(load_study(study, instruments), condition, instruments)
    return Questions(lambda: Sitting(store, asked, *person(), simulated))


def _answer(sheet: Sheet) -> web.Response:
    return web.Response(text=sheet.model_dump_json(), content_type="application/json")

"""Asks a hub over HTTPS, trusting one certificate file; whatever is no well-formed yes is an error in plain words."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from opstap.certificates import client_context
from opstap.evaluation.hub.protocol import MAX_ANSWER, Message

TIMEOUT = 20.0
"""Longest wait for the hub, s."""

AnyAnswer = TypeVar("AnyAnswer", bound=Message)


class UplinkError(Exception):
    """The hub could not be told, or did not do as it should; nothing left the outbox. The message says what to do."""


class HubAwayError(UplinkError):
    """The hub cannot be reached or is busy; try again later."""


@dataclass(frozen=True)
class HubAddress:
    """Where the hub is, how it is known, and what it knows this member by."""

    url: str
    authority: Path
    token: str


def hub_address(url: str, authority: str, token_file: str) -> HubAddress:
    """The hub that a launch or a command names.

    Raises:
        UplinkError: the token cannot be read.
    """
    try:
        return HubAddress(url, Path(authority), Path(token_file).read_text(encoding="utf-8").strip())
    except OSError as error:
        told = f"hub_token: '{token_file}' cannot be read ({error.strerror}); the hub's keeper gives it"
        raise UplinkError(told) from error


class HubClient:
    """Asks one hub.

    Raises:
        UplinkError: address or authority cannot be used.
    """

    def __init__(self, hub: HubAddress) -> None:
        parts = urlsplit(hub.url)
        if parts.scheme != "https" or not parts.hostname:
            raise UplinkError(f"hub: found '{hub.url}', allowed: https://name:port")
        self.host, self.port = parts.hostname, parts.port or 443
        self.token = hub.token
        try:
            self._context = client_context(hub.authority)
        except (OSError, ssl.SSLError) as error:
            raise UplinkError(f"{hub.authority}: not the certificate file that the hub gave ({error})") from error

    def ask(self, path: str, answer: type[AnyAnswer], content: Mapping[str, Any] | None = None,
            longest: int = MAX_ANSWER) -> AnyAnswer:  # fmt: skip
        """One request, with `content` a POST; at most `longest` bytes are read. Redirects are not followed.

        Raises:
            HubAwayError: try again later.
            UplinkError: the hub refused, or its answer does not hold.
        """
        where = f"hub {self.host}:{self.port}"
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=self._context)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
            body = None if content is None else json.dumps(content).encode()
            connection.request("GET" if body is None else "POST", path, body, headers)
            response = connection.getresponse()
            read = response.read(longest + 1)
        except ssl.SSLCertVerificationError as error:
            raise UplinkError(
                f"{where}: its certificate is not the one this cell was given ({error.verify_message}). Nothing was "
                "sent. If the hub has a new certificate, get its hub-ca.pem from its keeper."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise HubAwayError(
                f"{where}: cannot be reached ({error or type(error).__name__}). Trying again later."
            ) from error
        finally:
            connection.close()
        if response.status in (429, 502, 503, 504):
            raise HubAwayError(f"{where}: busy (status {response.status}). Trying again later.")
        text = read[:300].decode("utf-8", "replace").strip()
        if response.status == 401:
            raise UplinkError(f"{where}: does not know this token. Ask its keeper for a new one.")
        if response.status != 200:
            raise UplinkError(f"{where}: answered {response.status} to {path}: {text}")
        try:
            if len(read) > longest:
                raise ValueError("the answer is too long")
            return answer.model_validate_json(read)
        except (ValidationError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise UplinkError(f"{where}: its answer to {path} makes no sense ({first}): {text}") from error

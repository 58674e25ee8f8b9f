"""The factory folder: factory.yaml says what is on, clients.json who may ask, and the rest are keys and certificates.

Secrets are kept as hashes where others show them to us, and in files of their own that only the owner may read where we
show them to others.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from opstap.certificates import make
from opstap.documents import Document, DocumentError, Fault, Model

SETTINGS, CLIENTS, STEM = "factory.yaml", "clients.json", "factory"
May = Literal["read", "orders"]
"""`read`: see state, orders and finished cases; `orders`: place and cancel orders too."""
Port = Annotated[int, Field(ge=1, le=65535)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
TEMPLATE = """\
# What this cell tells the factory, and how; a part that is not here is off. docs/factory.md
#mqtt:
#  host: broker.example.org
#  port: 8883
#  user: cell_1
#  password: mqtt-password     # a file in this folder, only for its owner
#  authority: broker-ca.pem    # a file in this folder; without it: those that this machine trusts
#rest:
#  host: 127.0.0.1             # or an address of this machine, to be reached from others
#  port: 8446
#opcua:
#  host: 127.0.0.1
#  port: 4840
"""


class SecretError(Exception):
    """A file of secrets cannot be used; the message says why and what to do."""


class Mqtt(Model):
    """A broker, spoken to over TLS."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Port = 8883
    user: Annotated[str, Field(min_length=1, max_length=100)]
    password: str = "mqtt-password"
    authority: str = ""
    prefix: Word = "opstap"


class Rest(Model):
    """Where the REST service listens."""

    host: str = "127.0.0.1"
    port: Port = 8446


class OpcUa(Model):
    """Where the OPC UA server listens."""

    host: str = "127.0.0.1"
    port: Port = 4840


class Settings(Model):
    """factory.yaml."""

    documented = "docs/factory.md"

    mqtt: Mqtt | None = None
    rest: Rest | None = None
    opcua: OpcUa | None = None


@dataclass(frozen=True)
class Client:
    """Somebody who may ask."""

    name: str
    may: May


def prepare(folder: Path, names: list[str]) -> None:
    """Make the folder with certificates for `names` (names or addresses of this machine), everything in it off.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "trusted").mkdir(exist_ok=True)
    make(folder, STEM, names)
    if not (folder / SETTINGS).exists():
        (folder / SETTINGS).write_text(TEMPLATE, encoding="utf-8")
    if not (folder / CLIENTS).exists():
        _write(folder / CLIENTS, "{}\n")


def load_settings(folder: Path) -> Settings:
    """What the folder's factory.yaml asks for.

    Raises:
        DocumentError: it is not there, is wrong, or names files that cannot be used.
    """
    path = folder / SETTINGS
    if not path.exists():
        raise DocumentError(path, [f"{path}: no such file. Make it: opstap factory prepare {folder} NAME"])
    if path.is_file() and not any(line.strip() and line[:1] != b"#" for line in path.read_bytes().splitlines()):
        return Settings()  # all of it is commented out
    document = Document.read(path)
    settings = document.parse(Settings)
    if settings.mqtt:
        try:
            read_secret(folder / settings.mqtt.password)
        except SecretError as error:
            raise document.error([Fault(("mqtt", "password"), str(error), "a file that only its owner may read")]) \
                from error  # fmt: skip
        authority = settings.mqtt.authority
        if authority and not (folder / authority).is_file():
            fault = Fault(("mqtt", "authority"), f"no file '{authority}'", "a certificate file in this folder")
            raise document.error([fault])
    return settings


def read_secret(path: Path) -> str:
    """The secret in a file.

    Raises:
        SecretError: there is none, or others may read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SecretError(f"{path}: others may read it; run: chmod 600 {path}")
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path}: cannot be read ({error})") from error
    if not secret:
        raise SecretError(f"{path}: is empty")
    return secret


def admit(folder: Path, name: str, may: May) -> str:
    """Let a client in, or give it a new secret; returns the secret, which is kept nowhere in the clear.

    Raises:
        OSError, SecretError: the folder cannot be read or written.
    """
    secret = secrets.token_urlsafe(32)
    known = _read(folder) | {name: {"hash": _digest(secret), "may": may}}
    _write(folder / CLIENTS, json.dumps(known, indent=2) + "\n")
    return secret


def remove(folder: Path, name: str) -> bool:
    """Take a client's right away; whether there was one."""
    known = _read(folder)
    found = known.pop(name, None) is not None
    _write(folder / CLIENTS, json.dumps(known, indent=2) + "\n")
    return found


class Clients:
    """Who may ask, as the folder says when the cell starts.

    Raises:
        SecretError: the folder's file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._known = _read(folder)

    def who(self, secret: str, name: str = "") -> Client | None:
        """The client with this secret (and this name, where one is given); None when there is none."""
        given, found = _digest(secret), None
        for known, kept in self._known.items():  # all of them, so that the time tells nothing
            if secrets.compare_digest(given, kept["hash"]) and name in ("", known):
                found = Client(known, "orders" if kept["may"] == "orders" else "read")
        return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()  # 256 random bits: nobody can try them out


def _read(folder: Path) -> dict[str, dict[str, str]]:
    file = folder / CLIENTS
    try:
        known: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
        for kept in known.values():
            if kept["may"] not in get_args(May) or len(bytes.fromhex(kept["hash"])) != 32:
                raise ValueError("a client has may: read or orders, and a hash")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SecretError(f"{file}: cannot be read ({error}). Make it anew: opstap factory prepare {folder}") from error
    return known


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)

"""The OPC UA server: a small companion model of the cell, for clients whose certificate and password are known.

Signed and encrypted (Basic256Sha256) or not at all; nobody is anonymous, and nobody can write a value. The model, in
the namespace `URI`: type `AssistanceCellType` with the fields of `facts.CellState` as read-only variables, and methods
PlaceOrder and CancelOrder for clients that may place orders.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asyncua import Server, ua, uamethod
from asyncua.common.node import Node
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.crypto.uacrypto import der_from_x509, load_certificate
from asyncua.server.internal_session import InternalSession
from cryptography.x509.oid import ExtendedKeyUsageOID
from pydantic import ValidationError

from opstap.factory.facts import CellState, Order
from opstap.factory.ledger import Ledger, LedgerError, OrderRefusedError
from opstap.factory.parts import FactoryError
from opstap.factory.settings import Clients, OpcUa

URI = "urn:opstap:factory"
APPLICATION = "urn:opstap:cell"
CERTIFICATE, KEY, TRUSTED = "opcua.der", "opcua-key.pem", "trusted"
SECURITY = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
VARIABLES: dict[str, ua.VariantType] = {
    "cell": ua.VariantType.String, "task": ua.VariantType.String, "simulated": ua.VariantType.Boolean,
    "doing": ua.VariantType.String, "empty": ua.VariantType.String, "jobs": ua.VariantType.UInt64,
    "order": ua.VariantType.String, "order_done": ua.VariantType.UInt64, "order_count": ua.VariantType.UInt64,
}  # fmt: skip
"""Fields of `CellState`, in the model under the same names."""
NOT_ALLOWED = {
    ua.NodeId(ua.ObjectIds.WriteRequest_Encoding_DefaultBinary),
    ua.NodeId(ua.ObjectIds.HistoryReadRequest_Encoding_DefaultBinary),
}
CALL = ua.NodeId(ua.ObjectIds.CallRequest_Encoding_DefaultBinary)
MOST_SESSIONS = 32
LONGEST = 1 << 20
"""Longest message, bytes."""


def make_certificate(folder: Path) -> None:
    """Make this server's certificate and key, unless they are there and valid."""
    if (folder / CERTIFICATE).exists():
        return
    made = setup_self_signed_certificate(
        folder / KEY, folder / CERTIFICATE, APPLICATION, socket.gethostname(),
        [ExtendedKeyUsageOID.SERVER_AUTH], {"organizationName": "Opstap"},
    )  # fmt: skip
    asyncio.run(made)
    (folder / KEY).chmod(0o600)


class Rules(SimpleRoleRuleset):  # type: ignore[misc]
    """Nobody writes; only clients that may place orders call methods."""

    def __init__(self, may_call: Callable[[str], bool]) -> None:
        super().__init__()
        self._may_call = may_call

    def check_validity(self, user: User, action_type_id: ua.NodeId, body: Any) -> bool:
        if action_type_id in NOT_ALLOWED or (action_type_id == CALL and not self._may_call(user.name or "")):
            return False
        return bool(super().check_validity(user, action_type_id, body))


class Gate:
    """Lets in who has a certificate in the folder `trusted`, and a name and password of the folder's clients."""

    def __init__(self, clients: Clients, certificates: frozenset[bytes]) -> None:
        self._clients, self._certificates = clients, certificates
        self.may_order: set[str] = set()

    def get_user(self, iserver: Any, username: str | None = None, password: str | None = None,
                 certificate: Any = None) -> User | None:  # fmt: skip
        """As asyncua asks it; None: refused."""
        client = self._clients.who(password or "", username or "-")
        if client is None or certificate is None or bytes(certificate) not in self._certificates:
            log.warning("OPC UA: a client was refused (%s)", "certificate" if client else "name or password")
            return None
        if client.may == "orders":
            self.may_order.add(client.name)
        return User(role=UserRole.User, name=client.name)


class OpcUaPart:
    """Serves one cell's state and takes orders.

    Args:
        folder: as `opstap factory prepare` made it.
        changed: called when an order was placed or cancelled.
        now: ns since 1970.
    """

    def __init__(self, settings: OpcUa, folder: Path, clients: Clients, ledger: Ledger, changed: Callable[[], None],
                 now: Callable[[], int] = time.time_ns) -> None:  # fmt: skip
        self.fault = ""
        self.port = settings.port
        self._host, self._folder = settings.host, folder
        self._clients, self._ledger, self._changed, self._now = clients, ledger, changed, now
        self._server: Server | None = None
        self._variables: dict[str, Node] = {}

    async def start(self) -> None:
        try:
            ipaddress.ip_address(self._host)
        except ValueError as error:
            raise FactoryError(f"opcua: host: found '{self._host}', allowed: an address, such as 127.0.0.1") from error
        try:
            trusted = [await load_certificate(p) for p in sorted((self._folder / TRUSTED).iterdir())]
            gate = Gate(self._clients, frozenset(der_from_x509(c) for c in trusted))
            server = Server(user_manager=gate)
            server._application_uri = APPLICATION  # init() writes it into the address space
            await server.init()
            server.set_endpoint(f"opc.tcp://{self._host}:{self.port}/opstap/")
            server.set_server_name("Opstap cell")
            server.set_security_policy(SECURITY, Rules(gate.may_order.__contains__))
            server.set_identity_tokens([ua.UserNameIdentityToken])
            server.limits.max_message_size = LONGEST
            InternalSession.max_connections = MOST_SESSIONS
            await server.load_certificate(self._folder / CERTIFICATE)
            await server.load_private_key(self._folder / KEY)
            await self._model(server)
            await server.start()
        except (OSError, ValueError) as error:
            raise FactoryError(f"opcua: cannot serve on {self._host} port {self.port}: {error}") from error
        self._server = server

    async def show(self, state: CellState) -> None:
        for name, value in state.model_dump().items():
            told = list(value) if isinstance(value, tuple) else value
            await self._variables[name].write_value(ua.Variant(told, VARIABLES[name], is_array=name == "empty"))

    async def stop(self) -> None:
        if self._server:
            await self._server.stop()

    async def _model(self, server: Server) -> None:
        space = await server.register_namespace(URI)
        kind = await server.nodes.base_object_type.add_object_type(space, "AssistanceCellType")
        for name, variant in VARIABLES.items():
            first: Any = [] if name == "empty" else False if variant is ua.VariantType.Boolean else \
                "" if variant is ua.VariantType.String else 0  # fmt: skip
            variable = await kind.add_variable(space, name, ua.Variant(first, variant, is_array=name == "empty"))
            await variable.set_modelling_rule(True)
        cell = await server.nodes.objects.add_object(space, "Cell", kind.nodeid)
        self._variables = {name: await cell.get_child(f"{space}:{name}") for name in VARIABLES}
        text, whole, yes = ua.VariantType.String, ua.VariantType.UInt32, ua.VariantType.Boolean
        answer = [_argument("accepted", yes), _argument("message", text)]
        inputs = [_argument("order", text), _argument("task", text), _argument("count", whole)]
        await cell.add_method(space, "PlaceOrder", self._place, inputs, answer)
        await cell.add_method(space, "CancelOrder", self._cancel, inputs[:1], answer)

    @uamethod  # type: ignore[untyped-decorator]
    async def _place(self, parent: Any, order: str, task: str, count: int) -> tuple[bool, str]:
        try:
            asked = Order(order=order, task=task, count=count)
            _, fresh = self._ledger.place(asked, self._now())
        except ValidationError as error:
            return False, "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        except (OrderRefusedError, LedgerError) as error:
            return False, str(error)
        self._changed()
        return True, "placed" if fresh else "it was there already"

    @uamethod  # type: ignore[untyped-decorator]
    async def _cancel(self, parent: Any, order: str) -> tuple[bool, str]:
        try:
            found = self._ledger.cancel(order, self._now())
        except (OrderRefusedError, LedgerError) as error:
            return False, str(error)
        self._changed()
        return (True, "cancelled") if found else (False, f"no order '{order[:64]}'")


def _argument(name: str, kind: ua.VariantType) -> ua.Argument:
    return ua.Argument(Name=name, DataType=ua.NodeId(kind.value), ValueRank=-1)


log = logging.getLogger(__name__)

"""rosbag2 folders with MCAP in them, through `rosbags`: any ROS 2 tool reads them, and no ROS is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from opstap.geometry import Pinhole
from opstap.recording.consent import PEOPLE, ConsentError, Terms


def typestore(interfaces: Path) -> Any:
    """Message types of ROS 2 Jazzy and of the cell; `interfaces` is the folder of the package opstap_interfaces."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types: dict[str, Any] = {}
    for path in sorted((interfaces / "msg").glob("*.msg")):
        types |= get_types_from_msg(path.read_text(encoding="utf-8"), f"opstap_interfaces/msg/{path.stem}")
    store.register(types)
    return store


class Bag:
    """A recording that is being written. Messages come serialised, as ROS hands them over.

    Raises:
        ConsentError: the folder is there already.
    """

    def __init__(self, folder: Path, store: Any, terms: Terms | None) -> None:
        if folder.exists():
            raise ConsentError(f"{folder}: there is a recording already, allowed: a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        for key, value in (terms.custom_data() if terms else {}).items():
            self._writer.set_custom_data(key, value)
        self._writer.open()
        self._topics: dict[str, Any] = {}

    def write(self, topic: str, kind: str, stamp: int, data: bytes) -> None:
        """Write a message of type `kind` (such as sensor_msgs/msg/Image), received at `stamp` ns."""
        if topic not in self._topics:
            self._topics[topic] = self._writer.add_connection(topic, kind, typestore=self._store)
        self._writer.write(self._topics[topic], stamp, data)

    def people(self, people: Iterable[str]) -> None:
        """Profile ids of who worked so far; they are in the metadata when it is closed."""
        self._writer.set_custom_data(PEOPLE, " ".join(sorted(people)))

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True)
class Message:
    """A recorded message; `topic` without the cell's namespace."""

    topic: str
    stamp: int
    message: Any


def messages(
    folder: Path, store: Any, wanted: tuple[str, ...], decode: Callable[[str, bytes], Any] | None = None
) -> Iterator[Message]:
    """Messages of the topics whose names end in one of `wanted`, in the order in which they were received.

    Args:
        decode: makes a message of a topic and its bytes; None: `store` does. Where ROS is there its own way is better:
            the library's is strict about what fills up empty lists at the end.

    Raises:
        ConsentError: the folder cannot be read.
    """
    try:
        with AnyReader([folder], default_typestore=store) as reader:
            chosen = {c.id: next(w for w in wanted if c.topic.endswith("/" + w)) for c in reader.connections
                      if any(c.topic.endswith("/" + w) for w in wanted)}  # fmt: skip
            for connection, stamp, raw in reader.messages([c for c in reader.connections if c.id in chosen]):
                topic = chosen[connection.id]
                message = decode(topic, bytes(raw)) if decode else store.deserialize_cdr(raw, connection.msgtype)
                yield Message(topic, stamp, message)
    except ConsentError:
        raise
    except Exception as error:  # the library has an exception for each layer
        raise ConsentError(f"{folder}: cannot be read ({error}), allowed: a rosbag2 folder") from error


def time_of(header: Any) -> int:
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def depth_of(image: Any) -> NDArray[np.uint16]:
    """The picture (h, w) of a 16UC1 message."""
    return np.frombuffer(image.data.tobytes(), np.uint16).reshape(image.height, image.width)


def pinhole_of(info: Any) -> Pinhole:
    return Pinhole(
        int(info.width), int(info.height), float(info.k[0]), float(info.k[4]), float(info.k[2]), float(info.k[5])
    )

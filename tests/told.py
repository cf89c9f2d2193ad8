"""Events in a test: kept, with room for so many."""

from __future__ import annotations

from inference_exporter.values.events import Event


class Told:
    """Keeps what it is told; has room for so many."""

    def __init__(self, room: int = 100) -> None:
        self.events: list[Event] = []
        self.room, self.held_back = room, 0

    def has_room(self, *_: object) -> bool:
        self.room -= 1
        return self.room >= 0

    def hold_back(self, _kind: str, events: int) -> None:
        self.held_back += events

    def tell(self, event: Event) -> None:
        self.events.append(event)

"""Somebody in the wire between two real boards: hears every frame, lets through what he likes, and sends in their name.

He knows the whole protocol and its E2E data ids, and has no key. What a board sends is acknowledged and then goes no
further (link faults mute_dispenser, mute_tank); what is to reach the other board he sends himself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from hil_tests.fuzz.attack import DATABASE, protected
from sim.can_frame import FLAG_EXT
from sim.rig import Rig

ID: Final = {message.name: message.frame_id for message in DATABASE.messages}
SENDER: Final = {message.frame_id: message.senders[0].lower() for message in DATABASE.messages}
CONTROLLERS: Final = 4
Frame = tuple[int, bytes]
Change = Callable[[Frame], list[Frame]]


def rewritten(frame: Frame, **signals: int) -> Frame:
    """Return the frame with other raw signal values, protected anew."""
    can_id, data = frame
    message = DATABASE.get_message_by_frame_id(can_id)
    values = message.decode(data, scaling=False, decode_choices=False)
    changed = message.encode({**values, **signals}, scaling=False, padding=True, strict=False)
    return can_id, protected(can_id, data[2], changed[3:])


class Middle:
    """Listens from the start (`heard`: id -> counter -> newest frame); `cut` puts him into the wire."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._names = [f"middle{i}" for i in range(CONTROLLERS)]
        for name in self._names:
            rig.bus.attach(name)
            rig.bus.power(name, True)
        self.heard: dict[int, dict[int, bytes]] = {}
        self._muted = ""
        self._change: Change = lambda frame: [frame]
        self._out: deque[Frame] = deque()
        self._own: Counter[Frame] = Counter()
        self.changed = 0
        self.changed_s = 0.0  # since when
        rig.observe(self)

    def cut(self, sender: str, change: Change) -> None:
        """From here on only what `change` makes of a frame of `sender` reaches the other board."""
        self._rig.bus.set_fault("mute_" + sender)
        self._muted, self._change = sender, change

    def on_frame(self, t_us: int, can_id: int, data: bytes) -> None:
        """Hear a frame; pass on what has been made of it."""
        frame = can_id, data
        if self._own[frame]:
            self._own[frame] -= 1
            return
        if self._muted and SENDER.get(can_id) == self._muted:
            made = self._change(frame)
            if made != [frame]:
                self.changed += 1
                self.changed_s = self.changed_s or t_us / 1e6
            self._out.extend(made)
        self.heard.setdefault(can_id, {})[data[2]] = data

    def on_tick(self, rig: Any) -> None:
        """Send what waits."""
        for name in self._names:
            node = rig.bus.controllers[name]
            node.take()
            if self._out and node.mailboxes[0] is None:
                frame = self._out.popleft()
                self._own[frame] += 1
                rig.bus.submit(name, 0, frame[0], FLAG_EXT, frame[1])

"""The boards' serial ports as the rig hears them: lines put together, answers kept, events told, states followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim import events, serial_line
from sim.interfaces import Hooks
from sim.node_failure import NodeFailure
from sim.slot import NodeSlot

LINE_MAX: Final = 256  # of a line that has not ended yet; what is before that is lost


class SerialPorts:
    """What came out of each board's port: `replies` to commands, public `state` and `state_rows`, its row's number."""

    def __init__(self, names: Sequence[str], hooks: Hooks) -> None:
        self.replies: dict[str, list[str]] = {name: [] for name in names}
        self.state: dict[str, str] = dict.fromkeys(names, "BOOT")
        self.state_rows: dict[str, int] = dict.fromkeys(names, 0)
        self._hooks = hooks

    def restart(self, node: str) -> None:
        """Note that a board's program has ended: it begins in its first state."""
        self.state[node] = "BOOT"
        self.state_rows[node] = 0

    def hear(self, slot: NodeSlot, data: bytes) -> None:
        """Take what a board wrote. Raises NodeFailure for a line with a wrong CRC and an event that is none."""
        lines = (slot.line + data).split(b"\n")
        slot.line = lines.pop()[-LINE_MAX:]
        for line in lines:
            text = line.decode("ascii", "replace").rstrip("\r")
            if text[:1] in ("!", "="):
                body = serial_line.body_of(text)
                if body is None:
                    raise _failure(slot, f"serial line with a wrong CRC: {text!r}")
                if text.startswith("!EV,"):
                    self._event(slot, body)
                elif text[0] == "=":
                    self.replies[slot.name].append(body)
            for hook in self._hooks.on_line:
                hook(slot.name, text)

    def _event(self, slot: NodeSlot, body: str) -> None:
        try:
            event = events.parse(slot.name, body, slot.boot_ms)
        except ValueError as exc:
            raise _failure(slot, f"event line {body!r} is not six integers") from exc
        if event["kind"] == events.STATS:
            # The firmware's counts, heap among them, differ between VMs: figures of the node, not of the trace.
            slot.stats[event["id"]] = event["value"]
            return
        if event["kind"] == events.STATE:
            row = event["to"]
            self.state_rows[slot.name] = row
            self.state[slot.name] = events.state_name(slot.name, row)
        for hook in self._hooks.on_event:
            hook(event)


def _failure(slot: NodeSlot, reason: str) -> NodeFailure:
    return NodeFailure(slot.name, reason, slot.process.printed())

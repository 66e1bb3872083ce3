"""The files on a board's flash at each of its starts, worked out from the recorded memory operations alone.

For a VM without littlefs: the chip is that of a commissioned board, corrected by everything that the recorded node
read from it before writing there; the writes of a start are then done on it. What a cut left behind is thus known too,
as far as the node looked at it.
"""

from __future__ import annotations

from sim import nodes, tables, wire
from sim.exchange import Start
from sim.memory import Memory

FLASH_OPS = (wire.FLASH_READ, wire.FLASH_PROG, wire.FLASH_ERASE)


def flash_op(packet: bytes) -> bool:
    """Tell whether a node's packet asks for an operation on its flash."""
    return packet[1] == wire.MEMORY and packet[wire.HEADER.size] in FLASH_OPS


class FlashFiles:
    """The chip of one node as its recording goes by. Call `at_start` and `after` for every start, in order."""

    def __init__(self, node: str) -> None:
        self._chip = Memory.commissioned(node).flash
        self._block_bytes: int = tables.io(node).FLASH_BLOCK_BYTES
        self._settings = tables.load_table(nodes.SHIMS / "littlefs_table.py").LITTLEFS

    def at_start(self, start: Start) -> dict[str, bytes] | None:
        """Return {path: content} before this start's first write; None when no file system can be mounted.

        A folder is a path that ends in a slash.
        """
        written: set[int] = set()
        records = start.records
        for one, answer in zip(records, records[1:], strict=False):
            if not flash_op(one.packet):
                continue
            op, address, length, _ = _ask(one.packet)
            if op != wire.FLASH_READ:
                written.update(range(address, address + length))
            elif answer.type == wire.MEMORY_REPLY:
                data = answer.packet[wire.HEADER.size : -wire.CRC.size]
                for i in range(length):
                    if address + i not in written:
                        self._chip[address + i] = data[i]
        return self._files()

    def after(self, start: Start) -> dict[str, bytes] | None:
        """Do this start's writes; return {path: content} then."""
        for one in start.records:
            if not flash_op(one.packet):
                continue
            op, address, length, data = _ask(one.packet)
            if op == wire.FLASH_ERASE:
                self._chip[address : address + length] = b"\xff" * length
            elif op == wire.FLASH_PROG:
                for i, byte in enumerate(data):
                    self._chip[address + i] &= byte
        return self._files()

    def _files(self) -> dict[str, bytes] | None:
        from littlefs import LittleFS, LittleFSError, UserContext

        context = UserContext(len(self._chip))
        context.buffer[:] = self._chip
        found: dict[str, bytes] = {}
        try:
            files = LittleFS(
                context=context,
                block_size=self._block_bytes,
                block_count=len(self._chip) // self._block_bytes,
                **self._settings,
            )
            for folder, _folders, names in files.walk("/"):
                found[folder.rstrip("/") + "/"] = b""
                for name in names:
                    path = f"{folder.rstrip('/')}/{name}"
                    with files.open(path, "rb") as file:
                        found[path] = file.read()
        except LittleFSError:
            return None
        return found


def _ask(packet: bytes) -> wire.MemoryRequest:
    """Return what a recorded MEMORY packet asks."""
    return wire.memory_request("recording", packet, wire.HEADER.unpack_from(packet)[2])

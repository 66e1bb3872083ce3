"""The files on a board's flash at each of its starts, worked out from the recorded memory operations alone.

For a VM without littlefs.
"""

from __future__ import annotations

from sim import tables, wire
from sim.exchange import Start
from sim.recorded_memory import RecordedMemory

FLASH_OPS = (wire.FLASH_READ, wire.FLASH_PROG, wire.FLASH_ERASE)


def flash_op(packet: bytes) -> bool:
    """Tell whether a node's packet asks for an operation on its flash."""
    return packet[1] == wire.MEMORY and packet[wire.HEADER.size] in FLASH_OPS


class FlashFiles:
    """The files of one node as its recording goes by. Call `at_start` and `after` for every start, in order."""

    def __init__(self, node: str) -> None:
        self._recorded = RecordedMemory(node)
        self._settings = tables.littlefs()

    def at_start(self, start: Start) -> dict[str, bytes] | None:
        """Return {path: content} before this start's first write; None when no file system can be mounted.

        A folder is a path that ends in a slash.
        """
        self._recorded.at_start(start)
        return self._files()

    def after(self, start: Start) -> dict[str, bytes] | None:
        """Do this start's writes; return {path: content} then."""
        self._recorded.after(start)
        return self._files()

    def _files(self) -> dict[str, bytes] | None:
        from littlefs import LittleFS, LittleFSError, UserContext

        memory = self._recorded.memory
        context = UserContext(len(memory.flash))
        context.buffer[:] = memory.flash
        found: dict[str, bytes] = {}
        try:
            files = LittleFS(
                context=context,
                block_size=memory.block_bytes,
                block_count=len(memory.flash) // memory.block_bytes,
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

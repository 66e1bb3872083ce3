"""Tickets in flash: one small text file each, sixteen in turn, so that a ticket overwrites the one sixteen before it.

A file is one line, `1,<number>,<session>,<net_g>,<meter_g>,<returned_g>,<hose_loss_g>,<status>,<target_g>,<why>*<CRC>`
with the CRC-16 of the serial lines. littlefs replaces a file as a whole when it is closed. The files are few and short
enough that littlefs keeps them all in one directory block: no step here erases more than one block of flash (400 ms
at worst), and so none outlasts the watchdog.
"""

from micropython import const

from board import files
from core.e2e import crc16

KEEP = const(16)
FIELDS = const(10)
FORMAT = const(1)
NUMBER = const(1)  # place in a ticket
LINE_MAX = const(120)


class Damaged(ValueError):
    """A ticket file that cannot be believed."""


def line_of(fields):
    """Return a ticket's line: FORMAT and the fields from its number on."""
    body = ",".join(map(str, fields)).encode()
    return body + b"*%04X\n" % crc16(body, 0, len(body), 0xFFFF)


class TicketFiles:
    """The tickets in `folder`. Everything here may raise OSError, allocates, and is for the slack or the boot."""

    def __init__(self, folder):
        self._folder = folder
        self._file = None
        self._line = b""

    def prepare(self):
        """Make the folder of a new board, with the file that tells its format (boot only: erases more than once)."""
        if files.make_folder(self._folder):
            with open(self._folder + "/format", "wb") as file:
                file.write(b"%d\n" % FORMAT)

    def _path(self, number):
        return "%s/%02d" % (self._folder, number % KEEP)

    def held(self, slot):
        """Return the ticket in file `slot` (0 to KEEP - 1), None when there is none; raise Damaged."""
        path = self._path(slot)
        try:
            with open(path, "rb") as file:
                line = file.read(LINE_MAX)
        except OSError as error:
            if error.args[0] != files.NO_FILE:
                raise error
            return None
        star = line.rfind(b"*")
        try:
            fields = list(map(int, line[:star].decode().split(",")))
        except ValueError:  # also of the decoding
            raise Damaged(path)
        if len(fields) != FIELDS or fields[0] != FORMAT or line != line_of(fields) or fields[NUMBER] % KEEP != slot:
            raise Damaged(path)
        return fields

    def read(self, number):
        """Return the ticket `number`, None when it is not (or no longer) there; raise Damaged."""
        fields = self.held(number % KEEP)
        return fields if fields and fields[NUMBER] == number else None

    def begin(self, fields):
        """First step of writing: open the file of this ticket. The old one stays until `commit`."""
        self._line = line_of(fields)
        self._file = open(self._path(fields[NUMBER]), "wb")  # noqa: SIM115 - closed by `commit`, a slack later

    def commit(self):
        """Second step: write the line and close, at which littlefs replaces the file."""
        file, self._file = self._file, None
        try:
            file.write(self._line)
        finally:
            file.close()

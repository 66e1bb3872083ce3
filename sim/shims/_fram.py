"""The FRAM on the SPI bus: an FM25 chip's commands, its bytes in the rig's memory.

Listens while its chip select is low. WREN 06, WRDI 04, RDSR 05, WRSR 01, READ 03, WRITE 02, RDID 9F. The write enable
latch falls when the select rises after a write; a write without it changes nothing. The address wraps at the chip's
size. Block protection is not modelled: WRSR ends like a write and changes nothing. The data bytes of one transfer go to
the rig as one operation, at once. Transfers allocate nothing when opcode and data come in transfers of their own.
"""

import _link

WREN, WRDI, RDSR, WRSR, READ, WRITE, RDID = 0x06, 0x04, 0x05, 0x01, 0x03, 0x02, 0x9F
FRAM_READ, FRAM_WRITE = 4, 5
CHUNK = 2048  # bytes in one packet
ENABLED = 2  # the latch's bit in the status register
# Manufacturer (JEDEC bank 7), then family and density.
ID = b"\x7f\x7f\x7f\x7f\x7f\x7f\xc2\x20\x00"

SIZE = _link.io.FRAM_BYTES

selected = False
_enabled = False
_opcode = -1  # -1: the next byte is one
_place = 0  # bytes since the opcode
_address = 0


def select(level):
    """Set the chip select: low (0) begins a command, high ends it."""
    global selected, _enabled, _opcode, _place
    low = not level
    if low == selected:
        return
    selected = low
    if low:
        _opcode = -1
        _place = 0
    elif _opcode == WRITE or _opcode == WRSR:
        _enabled = False


def transfer(out, into, fill=0):
    """Clock bytes: out (None: `fill` all along) goes in, what the chip answers fills into (None: nobody listens)."""
    global _enabled, _opcode, _place, _address
    n = len(out if into is None else into)
    for i in range(n):
        byte = fill if out is None else out[i]
        if _opcode < 0:
            _opcode = byte
            if byte == WREN:
                _enabled = True
            elif byte == WRDI:
                _enabled = False
        elif _place < 2 and (_opcode == READ or _opcode == WRITE):
            _address = (_address << 8 | byte) & 0xFFFF
            _place += 1
        elif _opcode == READ or _opcode == WRITE:
            _data(out, into, i, n)
            return
        elif into is not None:
            into[i] = _answer()
            continue
        if into is not None:
            into[i] = 0


def _answer():
    """Return the next byte of a register; 0 after a command that answers nothing."""
    global _place
    if _opcode == RDSR:
        return ENABLED if _enabled else 0
    if _opcode == RDID and _place < len(ID):
        _place += 1
        return ID[_place - 1]
    return 0


def _data(out, into, start, end):
    """Bytes start..end of a transfer are data: hand them to the rig."""
    global _address
    while start < end:
        n = min(end - start, CHUNK)
        if _opcode == READ:
            if into is None:
                pass
            elif n == len(into):
                _link.memory_read(FRAM_READ, _address, into)
            else:
                _link.memory_read(FRAM_READ, _address, memoryview(into)[start : start + n])
        else:
            if _enabled and out is not None:
                part = out if n == len(out) else memoryview(out)[start : start + n]
                _link.memory_write(FRAM_WRITE, _address, part)
            if into is not None:
                for i in range(start, start + n):
                    into[i] = 0
        _address = (_address + n) % SIZE
        start += n

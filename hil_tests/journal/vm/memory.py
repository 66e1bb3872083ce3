"""A board's memory in this VM: FRAM and a littlefs flash in RAM, and a supply that ends at a chosen write."""

import vfs

BLOCK = 4096
FRAM_BYTES = 256
EIO = 5


class Supply:
    """Counts writes (FRAM, program, erase); number `cut_at` keeps `share` quarters of its bytes, later ones none."""

    def __init__(self, cut_at=0, share=0):
        self.n = 0
        self.cut_at = cut_at
        self.share = share
        self.dead = False
        self.kinds = []  # of every write, in order

    def bytes_kept(self, length, kind):
        """Account for one write; return how many of its bytes it gets done."""
        if self.dead:
            return 0
        self.n += 1
        self.kinds.append(kind)
        if self.n != self.cut_at:
            return length
        self.dead = True
        return length * self.share // 4


class Fram:
    """The interface of board.nv.Fram over a bytearray."""

    def __init__(self, data, supply):
        self._data = data
        self._supply = supply

    def read_into(self, address, buf):
        buf[:] = self._data[address : address + len(buf)]

    def write(self, address, buf):
        kept = self._supply.bytes_kept(len(buf), "fram")
        self._data[address : address + kept] = buf[:kept]


class Flash:
    """A block device for VfsLfs2 over a bytearray; every write fails while `failing`."""

    failing = False

    def __init__(self, data, supply):
        self._data = data
        self._supply = supply

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self._data[at : at + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=0):
        if Flash.failing:
            return -EIO
        at = block * BLOCK + offset
        kept = self._supply.bytes_kept(len(buf), "program")
        data = self._data
        for i in range(kept):
            data[at + i] &= buf[i]
        return -EIO if self._supply.dead else 0

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            if Flash.failing:
                return -EIO
            kept = self._supply.bytes_kept(BLOCK, "erase")
            at = arg * BLOCK
            self._data[at : at + kept] = b"\xff" * kept
            for i in range(at + kept, at + BLOCK if self._supply.dead and kept else at + kept):
                self._data[i] &= 0xA5 ^ (i & 0xFF)  # a torn erase leaves anything
            return -EIO if self._supply.dead else 0
        return 0


class Memory:
    """What outlives a boot."""

    def __init__(self, fram, flash):
        self.fram = fram
        self.flash = flash

    def copy(self):
        """Return an independent copy."""
        return Memory(bytearray(self.fram), bytearray(self.flash))


def new_board(blocks=16):
    """Return the memory of a board that has left commissioning: an empty file system, FRAM all zero."""
    flash = bytearray(b"\xff" * (blocks * BLOCK))
    vfs.VfsLfs2.mkfs(Flash(flash, Supply()))
    return Memory(bytearray(FRAM_BYTES), flash)

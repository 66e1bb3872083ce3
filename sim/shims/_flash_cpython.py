"""/flash for a node on CPython: littlefs through the same device, behind `open` and `os` for paths under /flash.

The files do on the chip what those of MicroPython's VfsLfs2 do, operation by operation: no buffer but littlefs's own.
Every error is an OSError with the number of the MicroPython port.
"""

import os as real_os

import _flash
from littlefs import LittleFS, LittleFSError, UserContext, lfs

ROOT = "/flash"
NAMES = "utf-8"
READ_ALL = 256  # bytes that MicroPython's read() asks for at a time
ENOENT, EINVAL = 2, 22
MTIME = 1  # number of the attribute that VfsLfs2.stat looks for, whether or not times are kept
DIR, FILE = 0x4000, 0x8000


class _Chip(UserContext):
    """What littlefs calls for the chip."""

    def __init__(self, device):
        self._device = device

    def read(self, cfg, block, off, size):
        buf = bytearray(size)
        self._device.readblocks(block, buf, off)
        return buf

    def prog(self, cfg, block, off, data):
        self._device.writeblocks(block, data, off)
        return 0

    def erase(self, cfg, block):
        self._device.ioctl(6, block)
        return 0

    def sync(self, cfg):
        return 0


def _error(number):
    return OSError(int(number), real_os.strerror(number))


class _Calls:
    """`with _call:` turns littlefs's errors into OSError."""

    def __enter__(self):
        return self

    def __exit__(self, kind, exc, trace):
        if kind is not None and issubclass(kind, LittleFSError):
            raise _error(-exc.code) from None


_call = _Calls()


class _File:
    """An open file: bytes, or with `text` UTF-8 strings without translation of line ends."""

    def __init__(self, fs, path, mode, text):
        self._fs = fs
        self._text = text
        self._file = None
        with _call:
            self._file = lfs.file_open(fs, path, mode, NAMES)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __del__(self):
        self.close()  # littlefs keeps a list of open files

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _read(self, n):
        with _call:
            return lfs.file_read(self._fs, self._open(), n)

    def _open(self):
        if self._file is None:
            raise _error(EINVAL)
        return self._file

    def read(self, n=-1):
        """Return up to n bytes (in text mode all there is), or all."""
        out = b""
        want = n if n is not None and n >= 0 else READ_ALL
        while want:
            part = self._read(want)
            out += part
            want -= len(part)
            if not part:
                break
            if not want and (n is None or n < 0):
                want = READ_ALL
        return out.decode() if self._text else out

    def readinto(self, buf):
        """Fill buf as far as the file goes; return how many bytes."""
        data = self.read(len(buf))
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        """Return the next line with its end, empty at the end of the file."""
        out = b""
        while not out.endswith(b"\n"):
            byte = self._read(1)
            if not byte:
                break
            out += byte
        return out.decode() if self._text else out

    def write(self, data):
        """Write; return how much was taken."""
        raw = data.encode() if isinstance(data, str) else bytes(data)
        with _call:
            lfs.file_write(self._fs, self._open(), raw)
        return len(data)

    def seek(self, offset, whence=0):
        """Move; return the new place."""
        with _call:
            return lfs.file_seek(self._fs, self._open(), offset, whence)

    def tell(self):
        """Return the place."""
        with _call:
            return lfs.file_tell(self._fs, self._open())

    def flush(self):
        """Make what was written stand in the chip."""
        with _call:
            lfs.file_sync(self._fs, self._open())

    def close(self):
        """Close; twice is once."""
        file, self._file = self._file, None
        if file is not None:
            with _call:
                lfs.file_close(self._fs, file)


class Flash:
    """The mounted file system, or none: then every path is missing."""

    def __init__(self):
        self._device = _flash.Device()
        self._lfs = None
        _flash.mount(self._device, self._attach, self._form)

    def _new(self):
        return LittleFS(
            context=_Chip(self._device),
            mount=False,
            block_size=_flash.BLOCK,
            block_count=_flash.COUNT,
            **_flash.LITTLEFS,
        )

    def _attach(self):
        new = self._new()
        with _call:
            new.mount()
        self._lfs = new

    def _form(self):
        with _call:
            self._new().format()

    def _fs(self):
        if self._lfs is None:
            raise _error(ENOENT)
        return self._lfs.fs

    def open(self, path, mode="r"):
        """Open a file; modes r w a x, +, b and t as on the board."""
        text = "b" not in mode
        return _File(self._fs(), path, mode.replace("t", "").replace("b", "") + "b", text)

    def listdir(self, path):
        """Return the names in a folder."""
        return [row[0] for row in self.ilistdir(path)]

    def ilistdir(self, path):
        """Return rows (name, type, 0, bytes)."""
        fs = self._fs()
        rows = []
        with _call:
            folder = lfs.dir_open(fs, path, NAMES)
            info = lfs.dir_read(fs, folder, NAMES)
            while info:
                if info.name not in (".", ".."):
                    rows.append((info.name, FILE if info.type == 1 else DIR, 0, info.size if info.type == 1 else 0))
                info = lfs.dir_read(fs, folder, NAMES)
            lfs.dir_close(fs, folder)
        return rows

    def remove(self, path):
        """Remove a file or an empty folder."""
        with _call:
            lfs.remove(self._fs(), path, NAMES)

    rmdir = unlink = remove

    def rename(self, old, new):
        """Rename, replacing what stood there."""
        with _call:
            lfs.rename(self._fs(), old, new, NAMES)

    def mkdir(self, path):
        """Make a folder."""
        with _call:
            lfs.mkdir(self._fs(), path, NAMES)

    def stat(self, path):
        """Return the ten fields of `os.stat`: type, and of a file the size; the rest 0."""
        fs = self._fs()
        with _call:
            info = lfs.stat(fs, path, NAMES)
        try:
            lfs.getattr(fs, path, MTIME, NAMES)
        except LittleFSError:
            pass
        return (FILE if info.type == 1 else DIR, 0, 0, 0, 0, 0, info.size if info.type == 1 else 0, 0, 0, 0)


def inside(path):
    """Return a path's part below /flash, None for any other path."""
    if isinstance(path, str) and (path == ROOT or path.startswith(ROOT + "/")):
        return path[len(ROOT) :] or "/"
    return None


def routed(flash, name):
    """Return the function `name` of `os` that goes to the flash for paths under /flash."""
    real = getattr(real_os, name, None)  # ilistdir is MicroPython's alone
    ours = getattr(flash, name)

    def call(path=".", *args):
        below = inside(path)
        if below is None:
            return real(path, *args)
        return ours(below, *[inside(arg) for arg in args])

    return call


OS_NAMES = ("listdir", "ilistdir", "remove", "unlink", "rename", "mkdir", "rmdir", "stat")

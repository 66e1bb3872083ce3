"""First program of a node in the 32-bit VM (WebAssembly): makes collections safe, then runs the main file.

Usage: micropython _boot_files.py MAIN settle|-   (working directory: the node's, with node.txt, link.in and /flash)

That VM's collector cannot see pointers that the host's compiler keeps in registers, so it would free the frames of the
running functions. Collections therefore happen only where `gc.collect` is called, and the host first writes the
addresses of all frames into `_kept`, where the collector finds them. `settle`: one exchange before main, as _boot.py
does after formatting. There is no littlefs here: /flash is a folder of the host, listed in littlefs's order
and with its error numbers.
"""

import builtins
import gc
import sys

import host
import uctypes

_kept = bytearray(16384)
_real_collect = gc.collect


class _Collector:
    """What `import gc` gives from here on."""

    mem_alloc = gc.mem_alloc
    mem_free = gc.mem_free

    def collect(self):
        host.call("keep_frames", _asked)
        _real_collect()


# Where the addresses go, and one function of bytecode, by which the host knows the others.
_asked = "%d %d %d" % (uctypes.addressof(_kept), len(_kept), id(_Collector.collect))


gc.disable()
sys.modules["gc"] = _Collector()

sys.argv.pop(0)
_main, _settle = sys.argv
sys.path[0] = _main.rsplit("/", 1)[0]

import os  # noqa: E402  # after the collector has been replaced

import _link  # noqa: E402
import _transport  # noqa: E402

# WASI numbers errors its own way: what littlefs would say. ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, ENOSPC.
_ERRORS = {44: 2, 20: 17, 54: 20, 31: 21, 55: 39, 51: 28}


def _as_littlefs(function):
    """Return `function` with the error numbers of littlefs."""

    def call(*args):
        try:
            return function(*args)
        except OSError as error:
            raise OSError(_ERRORS.get(error.errno, error.errno))

    return call


for _name in ("listdir", "mkdir", "remove", "rename", "rmdir", "stat"):
    setattr(os, _name, _as_littlefs(getattr(os, _name)))
builtins.open = _as_littlefs(open)
_listdir = os.listdir
os.listdir = lambda path=".": sorted(_listdir(path))


def _code():
    with open(_main) as source:
        return compile(source.read(), _main, "exec")


try:
    if _settle == "settle":
        _link.exchange(1)
    exec(_code(), {"__name__": "__main__", "__file__": _main})
finally:
    _transport.sink.flush()

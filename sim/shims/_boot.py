"""First program of a MicroPython node, as a port's `_boot.py`: mounts /flash, then runs the main file as `__main__`.

Usage: micropython _boot.py MAIN   (working directory: the node's, with node.txt)
MAIN: a source, an image in ROMFS (mounted at /rom, as a board does), or the main.mpy of an image's tree.
"""

import sys

sys.argv.pop(0)
_main = sys.argv[0]
sys.path[0] = _main.rsplit("/", 1)[0]  # in place of this script's folder, which MICROPYPATH names too


def _mount_rom():
    import vfs

    with open(_main, "rb") as file:
        vfs.mount(vfs.VfsRom(file.read()), "/rom")
    sys.path[0] = "/rom"


if _main.endswith(".romfs"):
    _mount_rom()


def _mount():
    import _flash
    import vfs

    device = _flash.Device()
    sizes = _flash.LITTLEFS

    def attach():
        lfs = vfs.VfsLfs2(
            device,
            readsize=sizes["read_size"],
            progsize=sizes["prog_size"],
            lookahead=sizes["lookahead_size"],
            mtime=False,
        )
        vfs.mount(lfs, "/flash")

    def form():
        vfs.VfsLfs2.mkfs(
            device,
            readsize=sizes["read_size"],
            progsize=sizes["prog_size"],
            lookahead=sizes["lookahead_size"],
        )

    _flash.mount(device, attach, form)


_mount()
del _mount


def _code():
    with open(_main) as source:
        return compile(source.read(), _main, "exec")


if _main.endswith(".py"):
    exec(_code(), {"__name__": "__main__", "__file__": _main})
else:
    import main

    main.main()

"""The way into the loader: a flag on the flash that the next start finds, and that start."""

from machine import reset

from board.nv import FLASH, stat

FLAG = FLASH + "/loader"
STAGE = FLASH + "/stage.mpy"


def ready():
    """Return whether the boot stage, which looks for the flag, is on this board: else a restart leads nowhere."""
    try:
        stat(STAGE)
    except OSError:
        return False
    return True


def restart():
    """Set the flag and reset the board; does not return. Raises OSError when the flash refuses."""
    with open(FLAG, "wb") as file:
        file.write(b"1\n")
    reset()

"""Folders of the flash file system at /flash; files take plain `open`."""

from os import mkdir

from micropython import const

NO_FILE = const(2)  # littlefs's numbers of an OSError, the same on every port
_EXISTS = const(17)


def make_folder(path):
    """Make a folder unless it is there; return whether it was made."""
    try:
        mkdir(path)
    except OSError as error:
        if error.args[0] != _EXISTS:
            raise error
        return False
    return True

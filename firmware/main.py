"""Which node am I: the file `node.txt` says `dispenser` or `tank`; build that node and run it for ever.

Behind the name it may say the link's bit rate in kbit/s, 500 (also when it says nothing) or 250.
"""

from board import can
from core import executive


def commissioned():
    """Return (node, bit rate in bit/s) of this board. Raises ValueError for a file that says neither."""
    with open("node.txt") as file:
        words = file.read().split()
    bitrate = int(words[1]) * 1000 if len(words) > 1 else can.BITRATES[0]
    if bitrate not in can.BITRATES:
        raise ValueError("node.txt: 500 or 250 kbit/s, not " + words[1])
    return words[0] if words else "", bitrate


def build():
    """Return this board's node, as the executive runs it. Raises ValueError when `node.txt` names none."""
    name, bitrate = commissioned()
    if name == "dispenser":
        from dispenser.node import Dispenser

        return Dispenser(bitrate)
    if name == "tank":
        from tank.node import Tank

        return Tank(bitrate)
    raise ValueError("node.txt: dispenser or tank, not " + name)


def main():
    """Start the executive of this board's node; returns only by an exception, after dropping every output."""
    executive.run(build())


if __name__ == "__main__":
    main()

"""Which node am I: the file `node.txt` says `dispenser` or `tank`; build that node and run it for ever."""

from core import executive


def node_name():
    """Return the node this board is commissioned as."""
    with open("node.txt") as file:
        return file.read().strip()


def main():
    """Start the executive of this board's node; returns only by an exception, after dropping every output."""
    name = node_name()
    if name == "dispenser":
        from dispenser.node import Dispenser

        executive.run(Dispenser())
    elif name == "tank":
        from tank.node import Tank

        executive.run(Tank())
    else:
        raise ValueError("node.txt: dispenser or tank, not " + name)


if __name__ == "__main__":
    main()

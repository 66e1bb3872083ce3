"""The link over two files of the working directory: `link.in` read, `link.out` written. For a VM without pipes.

Everything that the rig ever sends stands in `link.in` before the node starts, so this is for replay alone. Names as
in link_pipes/_transport.py.
"""

source = open("link.in", "rb")
sink = open("link.out", "wb")

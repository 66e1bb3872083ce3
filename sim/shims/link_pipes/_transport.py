"""The link over inherited pipes: fd 3 from the rig, fd 4 to it. The fast path of a node process, the same in both VMs.

`source` has readinto(buffer), which returns the bytes read and 0 at the end; `sink` has write(buffer). Neither buffers.
"""

import sys

if sys.implementation.name == "micropython":
    source = open(3, "rb")
    sink = open(4, "wb")
else:
    source = open(3, "rb", buffering=0)
    sink = open(4, "wb", buffering=0)

"""The file system on the flash: the settings of MicroPython's VfsLfs2, by littlefs's names. Literals only.

Read by both VMs' boot and by `sim.memory`. With them both VMs do the same operations on the chip, one for one.
"""

LITTLEFS = {
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
    "block_cycles": 100,
    "disk_version": 0x00020001,
}

"""Lets a MicroPython node be copied as it stands: run by the Python around the VM, before the VM starts (sim/fork.py).

SIGUSR2 forks the process. The copy takes its working folder from fork.txt in its own, the link from two named pipes in
there (`to` it, `from` it), prints to console.log there, and says its process id on the link; the original goes on
undisturbed. The rig asks only while the VM waits for its next packet, so that the signal falls into that read, which
then goes on: on the new pipe in the copy. A C handler, because the VM never comes back to Python's own.
"""

import ctypes
import os
import signal


@ctypes.CFUNCTYPE(None, ctypes.c_int)
def _fork(number):
    if os.fork():
        return
    with open("fork.txt") as f:
        folder = f.read()
    os.chdir(folder)
    log = os.open("console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    reads = os.open("to", os.O_RDONLY)
    writes = os.open("from", os.O_WRONLY)
    for fd, place in ((log, 1), (log, 2), (reads, 3), (writes, 4)):
        os.dup2(fd, place)
    for fd in (log, reads, writes):
        os.close(fd)
    os.write(4, os.getpid().to_bytes(4, "little"))


_libc = ctypes.CDLL(None)
for _number, _handler in ((signal.SIGUSR2, _fork), (signal.SIGCHLD, ctypes.c_void_p(1))):  # 1: SIG_IGN, no zombies
    _libc.signal.restype = ctypes.c_void_p
    _libc.signal(_number, _handler)

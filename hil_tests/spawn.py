"""`cryofill` as a process of its own, as a user starts it, forked from a Python that has the property library loaded.

Loading it costs every process several seconds. Nothing of this project is loaded before the fork: what runs then is
what `python -m host_tools WORDS` runs in that folder with that environment, on streams, signals and an exit code of its
own. All workers of a test run share one such Python (`Server`), which hil_tests/conftest.py starts and ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[1]
ADDRESS: Final = "CRYOFILL_TEST_SPAWN"  # environment variable: the server's socket
HASH_SEED: Final = "4711"  # of all these processes: sets have another order in them than here
CODE_S: Final = 30.0  # from the end of a process's streams to its exit code

# For each connection: a request (JSON, three fds with it), then a child that becomes `python WORDS`; back go its
# process id and its exit code, a line each.
_SERVER: Final = """
import json, os, runpy, signal, socket, sys
import CoolProp.CoolProp

def serve(listening):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listening.accept()
        if os.fork():
            connection.close()
            continue
        listening.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        text, fds, _, _ = socket.recv_fds(connection, 1 << 17, 3)
        child = os.fork()
        if not child:
            connection.close()
            return json.loads(text), fds
        for fd in fds:
            os.close(fd)
        connection.sendall(b"%d\\n" % child)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        try:
            connection.sendall(b"%d\\n" % code)
        finally:
            os._exit(0)

request, fds = serve(socket.socket(fileno=int(sys.argv[1])))
for place, fd in enumerate(fds):
    os.dup2(fd, place)
    os.close(fd)
os.chdir(request["cwd"])
os.environ.clear()
os.environ.update(request["env"])
os.sched_setaffinity(0, request["cores"])
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in the foreground, even where the tests have no terminal
sys.argv = request["words"]
sys.path[:1] = ["", *(path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path)]
sys.stdin, sys.stdout = open(0), open(1, "w")
sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")
if sys.argv[0] == "-m":
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
elif sys.argv[0] == "-c":
    exec(sys.argv.pop(1), {"__name__": "__main__"})
else:
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Server:
    """The Python that is forked. It loads on its own; who asks before it is ready waits."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="cryofill-tests-")
        path = os.path.join(self._folder, "spawn")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(64)
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            environment["PYTHONHASHSEED"] = HASH_SEED
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, str(listening.fileno())],
                pass_fds=(listening.fileno(),), env=environment, cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        os.environ[ADDRESS] = path

    def close(self) -> None:
        """End it; what was forked from it goes on."""
        self._process.kill()
        self._process.wait()
        os.environ.pop(ADDRESS, None)
        shutil.rmtree(self._folder, ignore_errors=True)


class Spawned:
    """A process `python WORDS` (words: "-m", module, arguments, or a script and its arguments): used like Popen.

    stdout and stderr are pipes of text. Leaving the context waits for its end.
    """

    def __init__(
        self, *words: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None, stdin: bool = False
    ) -> None:
        self.args = words
        self.returncode: int | None = None
        pipes = [os.pipe(), os.pipe(), os.pipe()]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        request = {
            "words": words, "cwd": str(cwd), "env": dict(os.environ if env is None else env),
            "cores": sorted(os.sched_getaffinity(0)),
        }  # fmt: skip
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(os.environ[ADDRESS])
        socket.send_fds(self._connection, [json.dumps(request).encode()], theirs)
        for fd in theirs:
            os.close(fd)
        self._said = b""
        self.stdin: IO[str] = os.fdopen(pipes[0][1], "w", encoding="utf-8")
        self.stdout: IO[str] = os.fdopen(pipes[1][0], encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(pipes[2][0], encoding="utf-8")
        if not stdin:
            self.stdin.close()
        self.pid = self._number(None)

    def __enter__(self) -> Spawned:
        return self

    def __exit__(self, *exc: object) -> None:
        self.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()

    def _number(self, timeout: float | None) -> int:
        """Return the next line of the server. Raises TimeoutError."""
        while b"\n" not in self._said:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise TimeoutError(f"{self.args} still runs after {timeout} s")
            data = self._connection.recv(64)
            assert data, "the server has ended"
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return int(line)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code, minus the signal that ended it. Raises TimeoutError."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code if it has ended."""
        with contextlib.suppress(TimeoutError):
            return self.wait(0.0)
        return None

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, text: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Write `text`, read both streams to their end and wait for the process. Raises TimeoutError."""
        if not self.stdin.closed:
            self.stdin.write(text)
            self.stdin.close()
        heard = ["", ""]

        def read(place: int, stream: IO[str]) -> None:
            heard[place] = stream.read()
            stream.close()

        readers = [
            threading.Thread(target=read, args=(place, stream), daemon=True)
            for place, stream in enumerate((self.stdout, self.stderr))
            if not stream.closed  # by an earlier call
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():
                raise TimeoutError(f"{self.args} still has its streams open after {timeout} s")
        self.wait(CODE_S)
        return heard[0], heard[1]


def run(*words: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python WORDS` to its end."""
    with Spawned(*words, cwd=cwd, env=env) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(words, process.wait(), out, err)


def cryofill(*words: str, cwd: Path = ROOT, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command of the checkout `root` in the folder `cwd` and return how it ended."""
    return run("-m", "host_tools", *words, cwd=cwd, env=environment(root))


def environment(root: Path = ROOT) -> dict[str, str]:
    """Return an environment in which the checkout `root` is what is imported, from any folder."""
    return {**os.environ, "PYTHONPATH": str(root)}

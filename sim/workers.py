"""Who runs a campaign: a pool of processes here, one core each, or a dask cluster. One interface for both.

`Pool(n)` and `Dask(url)` are context managers with `run(jobs, options)`: jobs are (index, scenario text), answers come
as (index, answer of `sim.campaign.run_one`) in the order they are ready. Leaving the context ends every process that
was started, with its boards' processes, whatever happened.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from types import FrameType, TracebackType
from typing import Any, Final, Protocol, cast

from sim import campaign

Job = tuple[int, str]
Answer = tuple[int, dict[str, Any]]

GRACE_S: Final = 30.0  # a worker that is this much over its run's wall time stands still and is ended
STOP_S: Final = 5.0  # from asking a worker to end to ending it
DASK_AHEAD: Final = 2  # runs given to the cluster per core of it, so that none waits for the next
CONNECT_S: Final = 5.0


class WorkersError(Exception):
    """The workers cannot be had; the message is one line."""


class Workers(Protocol):
    """What runs a campaign."""

    def run(self, jobs: Iterable[Job], options: Mapping[str, Any]) -> Iterator[Answer]:
        """Run the jobs and yield each one's answer."""


# -- a pool of processes ------------------------------------------------------------------------------------


class _Worker:
    """One process bound to one core, and the job it has."""

    def __init__(self, core: int, inherited: list[Connection]) -> None:
        # Forked where the system can: the property tables are loaded once. Elsewhere each worker loads its own.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.core = core
        self.connection, theirs = context.Pipe()
        close = [*inherited, self.connection] if sys.platform == "linux" else []
        self.process = context.Process(target=_work, args=(theirs, core, close), daemon=True)
        with _signals_wait():  # the new process answers them once it has handlers of its own, not with ours
            self.process.start()
        theirs.close()
        self.index: int | None = None
        self.since_s = 0.0

    def give(self, job: Job, options: Mapping[str, Any]) -> None:
        self.index = job[0]
        self.since_s = time.monotonic()
        self.connection.send((job[1], dict(options)))

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()
        self.connection.close()


_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Hold back what would end this process, and one that is forked from it here, until `_signals_act`."""
    if sys.platform == "linux":
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        _signals_act()


def _signals_act() -> None:
    if sys.platform == "linux":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _work(jobs: Connection, core: int, close: list[Connection]) -> None:
    """Run jobs until the pipe closes. Runs in the worker's process."""
    for connection in close:  # else a worker would keep the others' pipes open when the campaign is gone
        connection.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the campaign's, which then ends its workers
    signal.signal(signal.SIGTERM, _interrupt)  # so that a run ends its boards' processes
    os.environ["CRYOFILL_CORE"] = str(core)
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        _signals_act()
        while True:
            text, options = jobs.recv()
            jobs.send(campaign.run_one(text, options))


class Pool:
    """`n` worker processes on this machine."""

    def __init__(self, n: int) -> None:
        self._workers: list[_Worker] = []
        self._n = n

    def __enter__(self) -> Pool:
        for core in range(self._n):
            self._workers.append(_Worker(core, [one.connection for one in self._workers]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.terminate()
        ends_s = time.monotonic() + STOP_S
        for worker in self._workers:
            worker.process.join(max(0.0, ends_s - time.monotonic()))
            worker.end()
        self._workers = []

    def run(self, jobs: Iterable[Job], options: Mapping[str, Any]) -> Iterator[Answer]:
        """Run the jobs; a worker that dies or stands still is this job's answer, and is replaced."""
        waiting = iter(jobs)
        limit_s = float(options.get("timeout_s", campaign.TIMEOUT_S)) + GRACE_S
        for worker in self._workers:
            self._next(worker, waiting, options)
        while any(worker.index is not None for worker in self._workers):
            busy = {one.connection: one for one in self._workers if one.index is not None}
            for connection in wait(list(busy), timeout=1.0):
                worker = busy.pop(cast(Connection, connection))
                index = _index(worker)
                try:
                    answer = worker.connection.recv()
                except EOFError:
                    worker.process.join()
                    answer = _lost(f"its process ended with exit code {worker.process.exitcode}")
                    worker = self._replace(worker)
                self._next(worker, waiting, options)
                yield index, answer
            for worker in busy.values():
                if time.monotonic() - worker.since_s > limit_s:
                    index = _index(worker)
                    self._next(self._replace(worker), waiting, options)
                    yield index, _lost(f"no answer for {limit_s:g} s", campaign.TIMEOUT)

    def _next(self, worker: _Worker, waiting: Iterator[Job], options: Mapping[str, Any]) -> None:
        job = next(waiting, None)
        worker.index = None
        if job is not None:
            worker.give(job, options)

    def _replace(self, worker: _Worker) -> _Worker:
        worker.end()
        place = self._workers.index(worker)
        others = [one.connection for one in self._workers if one is not worker]
        self._workers[place] = _Worker(worker.core, others)
        return self._workers[place]


def _index(worker: _Worker) -> int:
    assert worker.index is not None  # it is busy
    return worker.index


def _lost(why: str, status: str = campaign.INTERNAL) -> dict[str, Any]:
    """Return the answer of a run whose worker gave none."""
    return {
        "status": status, "detail": f"worker: {why}", "outcome": None, "reason": f"worker: {why}", "broken": [],
        "faults": [], "sim_s": 0.0, "states": {}, "trips": {}, "wall_s": 0.0, "code": "",
    }  # fmt: skip


# -- a dask cluster -----------------------------------------------------------------------------------------


class Dask:
    """The workers of a dask cluster at `url`, each of which needs the same checkout installed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = None

    def __enter__(self) -> Dask:
        try:
            import distributed
            from distributed import comm
        except ImportError:
            raise WorkersError("--dask needs the package distributed: pip install 'cryofill[dask]'") from None
        try:
            resolve: Any = getattr(comm, "resolve_address")  # noqa: B009  (typed in part only, as all of it)
            resolve(self._url)  # a client that fails for its address cannot be closed
            connect: Any = distributed.Client
            self._client = connect(self._url, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            words = (str(error) or type(error).__name__).splitlines()[0]
            raise WorkersError(f"--dask {self._url}: no scheduler answers ({words})") from None
        if not self._client.ncores():
            self._client.close()
            raise WorkersError(f"--dask {self._url}: the cluster has no worker")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()  # what still waits in the cluster is dropped with its futures

    def run(self, jobs: Iterable[Job], options: Mapping[str, Any]) -> Iterator[Answer]:
        """Run the jobs; one that the cluster loses is answered as an internal failure."""
        import distributed

        waiting = iter(jobs)
        index_of: dict[str, int] = {}
        as_completed: Any = distributed.as_completed  # typed in part only
        done = as_completed(loop=self._client.loop)

        def give() -> None:
            job = next(waiting, None)
            if job is not None:
                future = self._client.submit(campaign.run_one, job[1], dict(options), pure=False)
                index_of[future.key] = job[0]
                done.add(future)

        for _ in range(DASK_AHEAD * sum(self._client.ncores().values())):
            give()
        ours = campaign.code_digest()
        for future in done:
            index = index_of.pop(future.key)
            error = future.exception()
            answer = _lost(f"{type(error).__name__}: {error}") if error is not None else future.result()
            if error is None and answer["code"] != ours:
                raise WorkersError(
                    f"--dask {self._url}: a worker runs other code ({answer['code']}, here {ours}): "
                    "install the same checkout there"
                )
            give()
            yield index, answer

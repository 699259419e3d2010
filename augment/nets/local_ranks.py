"""A fit whose training processes of this machine share, each on a core or a card of its own."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from augment.core import errors
from augment.core.errors import AugmentError, BadInput
from augment.core.files import read_json, write_json
from augment.core.ranks import RankFinished, RankLost
from augment.core.types import Job, Json, silent
from augment.work import environment
from augment.work.pool import pool
from augment.work.task import Task

R = TypeVar("R")

POLL_SECONDS = 0.05
INTERFACE = "GLOO_SOCKET_IFNAME"
LOOPBACK = "lo" if sys.platform.startswith("linux") else "lo0"
CARDS = "CUDA_VISIBLE_DEVICES"


def fitted_by_ranks(fit: Callable[[Job], R], job: Job, count: int) -> R:
    """What `fit` gives, the training being shared with `count` - 1 more processes.

    `fit` and the job can be pickled, save for its clock and `tick`. Raises what `fit` does, and
    `OutOfResources` where a process is lost.
    """
    sent = replace(job, tick=silent)
    with (
        tempfile.TemporaryDirectory(prefix="augment-") as folder,
        pool(count - 1, (fit, sent, folder, count)) as processes,
    ):
        others = [processes.submit(Task("rank", _follow, (rank,))) for rank in range(1, count)]
        try:
            with _group(folder, 0, count, job.device, others):
                return _led(fit, job)
        except RankLost:
            _raise_failure(folder)
            raise


def _led(fit: Callable[[Job], R], job: Job) -> R:
    from augment.nets.process_group import ProcessGroup, joined

    return fit(joined(job, ProcessGroup()))


def _follow(shared: tuple[Callable[[Job], object], Job, str, int], rank: int) -> None:
    """All that a rank but the first does.

    One that fails ends its process, for the others wait until its connections are closed.
    """
    fit, job, folder, count = shared
    if job.device != "cpu":
        os.environ[CARDS] = _card(rank)
    try:
        with _group(folder, rank, count, job.device), suppress(RankFinished):
            _led(fit, job)
    except Exception as error:
        if not isinstance(error, RankLost):
            write_json(Path(folder) / f"failure-{rank}", _document(error))
        os._exit(1)


def _card(rank: int) -> str:
    """The name of the card for a rank, of those that this process may use."""
    named = os.environ.get(CARDS)
    return str(rank) if named is None else named.split(",")[rank].strip()


@contextmanager
def _group(
    folder: str, rank: int, count: int, device: str, others: Sequence[Future[None]] = ()
) -> Iterator[None]:
    """The process joins the others in the block. Raises what ends one of the `others` before it
    has come."""
    import torch.distributed as dist

    from augment.nets.process_group import backend

    store = dist.FileStore(str(Path(folder) / "ranks"), count)
    store.set(f"here {rank}", "")
    if rank == 0:
        while not store.check([f"here {each}" for each in range(count)]):
            if any(each.done() for each in others):
                _raise_failure(folder)
                raise RankLost
            time.sleep(POLL_SECONDS)
    with environment.put_back([INTERFACE]):
        os.environ[INTERFACE] = LOOPBACK  # nobody else is to reach what the ranks tell each other
        dist.init_process_group(
            backend(device), store=dist.PrefixStore("group", store), rank=rank, world_size=count
        )
    try:
        yield
    finally:
        dist.destroy_process_group()


def _raise_failure(folder: str) -> None:
    """Raise what ended another rank, where it has said so."""
    for path in sorted(Path(folder).glob("failure-*")):
        raise _error(read_json(path))


def _document(error: Exception) -> Json:
    """An error as JSON: by the nearest of its classes that all of `augment` knows, if any."""
    known = [
        each.__name__ for each in type(error).__mro__ if vars(errors).get(each.__name__) is each
    ]
    if not known:
        return {"class": None, "words": repr(error)}
    facts = vars(error) if isinstance(error, BadInput) else {}
    return {"class": known[0], "words": str(error), **facts}


def _error(document: Json) -> Exception:
    if document["class"] is None:
        return RuntimeError(document["words"])
    if document["class"] == BadInput.__name__:
        return BadInput(document["what"], where=document["where"], hint=document["hint"])
    found: type[AugmentError] = getattr(errors, document["class"])
    return found(document["words"])

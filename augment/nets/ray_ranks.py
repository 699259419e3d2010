"""A fit whose training the machines of a Ray cluster share, by Ray Train.

Each rank runs on one core, or one card, of any machine. A rank that is lost ends the others; Ray
Train starts as many as there is room for, and they go on from the last checkpoint, which rank 0
wrote to the job's scratch folder on storage that all machines share.
"""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import augment
from augment.core.errors import AugmentError, BadInput, MissingExtra, OutOfResources
from augment.core.ranks import RankFinished, RankLost
from augment.core.types import Job, Tick, silent
from augment.work.executors.ray import INSTALL, connected, require_version
from augment.work.pool import take_one_core

R = TypeVar("R")

TICK_SECONDS = 0.3
RESTARTS = 8  # of a training that lost a process or a machine
SEEN = "storage"  # a file that every rank has to see
RAY_FILES = "ray"  # folder of what Ray Train itself writes


class Mailbox:
    """An actor that holds what rank 0 tells, and at the end what it made."""

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._made: bytes | None = None
        self._failure: bytes | None = None

    def tell(self, tick: Tick) -> None:
        self._ticks.append(tick)

    def told(self) -> list[Tick]:
        ticks, self._ticks = self._ticks, []
        return ticks

    def fail(self, failure: bytes) -> None:
        self._failure = self._failure or failure

    def failure(self) -> bytes | None:
        return self._failure

    def keep(self, made: bytes) -> None:
        self._made = made

    def kept(self) -> bytes | None:
        return self._made


def fitted_on_cluster(
    fit: Callable[[Job], R], job: Job, parts: int, address: str | None, most: int | None
) -> R:
    """What `fit` gives, the training being shared by up to `parts` processes, and `most`, of the
    cluster at `address`.

    `fit` and the job can be pickled, save for `tick`. Raises what `fit` does, `OutOfResources`
    where processes are lost over and over, and `BadInput` where the scratch folder is not seen
    from the cluster.
    """
    cluster = connected(address)
    _require_train()
    kind = "CPU" if job.device == "cpu" else "GPU"
    room = max(1, int(cluster.cluster_resources().get(kind, 0)))
    count = min(parts, room if most is None else most)
    job.tick(Tick("fit", note=f"up to {count} processes of the cluster share the training"))
    token = uuid.uuid4().hex
    (job.scratch / SEEN).write_text(token)
    mailbox = cluster.remote(num_cpus=0)(Mailbox).remote()
    there = replace(job, tick=silent, scratch=job.scratch.absolute())
    sent = cluster.put(pickle.dumps((fit, there, token)))
    conduct = cluster.remote(num_cpus=0, max_retries=0)(_conduct).remote
    settings = count, kind == "GPU", str((job.scratch / RAY_FILES).absolute()), augment.__version__
    reference = conduct([sent], mailbox, *settings)
    # Waited for in Python: in Ray's own waiting a signal loses what it means.
    future = reference.future()
    try:
        done = False
        while not done:
            done = bool(wait([future], timeout=TICK_SECONDS).done)
            for tick in mailbox.told.remote().future().result():
                job.tick(tick)
        failure = mailbox.failure.remote().future().result()
        if failure is not None:
            raise pickle.loads(failure)  # noqa: S301 - from our own process of the cluster
        made: R = _made(cluster, future)
        return made
    except BaseException as error:
        with suppress(Exception):  # it may be done, or the cluster gone
            cluster.cancel(reference, force=True)
        if isinstance(error, cluster.exceptions.RayError):
            raise _lost("and what led it", error) from error
        raise
    finally:
        with suppress(Exception):
            cluster.kill(mailbox)


def _require_train() -> None:
    try:
        import ray.train.torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            f"--executor ray needs Ray Train to share a training, and a package of it is missing "
            f"({error}). Install it with: {INSTALL}"
        ) from error


def _made(cluster: Any, future: Future[bytes]) -> Any:
    try:
        made = pickle.loads(future.result())  # noqa: S301 - from our own process of the cluster
    except cluster.exceptions.RayTaskError as error:
        if isinstance(error.cause, AugmentError):
            raise error.cause from None
        raise _lost(f"{RESTARTS + 1} times", error) from error
    return made


def _lost(how: str, error: Exception) -> OutOfResources:
    return OutOfResources(
        f"the cluster lost the training {how}, most likely since memory ran out or machines went "
        f"away ({_reason(error)}). The same command goes on where this one stopped."
    )


def _reason(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else type(error).__name__


def _conduct(
    sent: list[Any], mailbox: Any, count: int, cards: bool, folder: str, version: str
) -> bytes:
    """In a process of the cluster: have Ray Train run the ranks; what rank 0 made."""
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    require_version(version)
    trainer = TorchTrainer(
        _rank,
        train_loop_config={"sent": sent, "mailbox": mailbox},
        # What is made does not depend on the number of ranks, so that fewer will do.
        scaling_config=ScalingConfig(num_workers=(1, count) if count > 1 else 1, use_gpu=cards),
        torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if cards else "gloo"),
        run_config=RunConfig(
            storage_path=folder, failure_config=FailureConfig(max_failures=RESTARTS)
        ),
    )
    trainer.fit()
    made: bytes = ray.get(mailbox.kept.remote())
    return made


def _rank(config: dict[str, Any]) -> None:
    """One process of the training. A lost rank makes Ray Train begin again; what `fit` fails with
    is told, and ends them all."""
    import ray

    from augment.nets.process_group import ProcessGroup, joined
    from augment.nets.threads import threads

    take_one_core()
    mailbox = config["mailbox"]
    if ray.get(mailbox.failure.remote()) is not None:
        return  # a failure made Ray Train begin again
    fit, job, token = pickle.loads(ray.get(config["sent"][0]))  # noqa: S301 - from the command
    ranks = ProcessGroup()
    if ranks.rank == 0:
        job = replace(job, tick=lambda tick: ray.get(mailbox.tell.remote(tick)))
    try:
        with threads(1), suppress(RankFinished):
            _require_shared(job.scratch, token)
            made = fit(joined(job, ranks))
            ray.get(mailbox.keep.remote(pickle.dumps(made)))
    except RankLost:
        raise
    except Exception as error:
        ray.get(mailbox.fail.remote(_sendable(error)))
        os._exit(1)  # the others wait until the connections of this one are closed


def _require_shared(scratch: Path, token: str) -> None:
    try:
        shared = (scratch / SEEN).read_text() == token
    except OSError:
        shared = False
    if not shared:
        raise BadInput(
            "the folder of the result is not seen from the machines of the cluster.",
            where=str(scratch),
            hint="Choose an -o on storage that all machines of the cluster share.",
        )


def _sendable(error: Exception) -> bytes:
    """An error, pickled; one that cannot be goes by its words."""
    try:
        sent = pickle.dumps(error)
        pickle.loads(sent)  # noqa: S301 - just made here
    except Exception:
        return pickle.dumps(RuntimeError(repr(error)))
    return sent

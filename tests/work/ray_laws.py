"""A program for `test_ray`: the laws of executors on a cluster, in a process that may connect."""

from __future__ import annotations

import signal

from augment.testing import ExecutorLaws
from augment.work.executors.ray import Ray


class RayLaws(ExecutorLaws):
    executor = Ray(most=2)


if __name__ == "__main__":
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    for name in dir(RayLaws):
        if name.startswith("test_"):
            getattr(RayLaws(), name)()
            print(name)
    assert handlers == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

"""The processes that train one model together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from augment.core.errors import OutOfResources

if TYPE_CHECKING:
    from torch import Tensor


class RankFinished(Exception):
    """Leaves the fit of a rank that is not the first, once the training is over."""


class RankLost(OutOfResources):
    """Another process of the training ended in its midst."""

    def __init__(self) -> None:
        super().__init__(
            "a process of the training was lost, most likely since memory ran out. Use fewer of "
            "them (--workers), or a machine with more memory; the same command goes on where "
            "this one stopped."
        )


class Ranks(ABC):
    """The processes of one training, each of which runs the whole fit on the same data; this one
    is number `rank` of `size`.

    All of them call the same methods in the same order, each of which waits for all. Rank 0 alone
    writes, tells of progress and returns a model.
    """

    rank: int
    size: int

    @abstractmethod
    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Every rank's tensor, in the order of the ranks; all have one shape, type and kind of
        device. The first may be the one that was given."""

    @abstractmethod
    def told(self, value: Callable[[], str]) -> str:
        """What `value` gives on rank 0, where alone it is called."""

    @abstractmethod
    def finish(self) -> None:
        """The training is over: rank 0 goes on alone, and all others raise `RankFinished`."""

    def told_number(self, value: Callable[[], float]) -> float:
        """`told` for a number, to the bit."""
        return float.fromhex(self.told(lambda: float(value()).hex()))


class Alone(Ranks):
    """One process."""

    rank, size = 0, 1

    def gather(self, tensor: Tensor) -> list[Tensor]:
        return [tensor]

    def told(self, value: Callable[[], str]) -> str:
        return value()

    def finish(self) -> None:
        pass


ALONE = Alone()

"""One seed per run, and every random stream derived from it by name."""

from __future__ import annotations

import hashlib
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Seed:
    """A node in a tree of independent random streams.

    Children are derived by hashing their path (SHA-256), so a stream depends only on the run's
    seed and on its own name, never on how many others were drawn before it.

    >>> Seed(7).child("block", 3) == Seed(7).child("block").child(3)
    True
    """

    value: int
    path: tuple[str | int, ...] = ()

    @staticmethod
    def fresh() -> Seed:
        """A new seed from the operating system, to be recorded by the caller."""
        return Seed(secrets.randbelow(2**53))  # below 2^53: exact in any JSON reader

    def child(self, *names: str | int) -> Seed:
        return Seed(self.value, self.path + names)

    def integer(self, bits: int = 63) -> int:
        """A number in [0, 2^bits), the same for the same path on every machine."""
        text = "\x1f".join([str(self.value), *(f"{type(p).__name__}:{p}" for p in self.path)])
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest, "big") & ((1 << bits) - 1)

    def rng(self) -> np.random.Generator:
        """A NumPy generator (Philox) for this node."""
        import numpy as np

        return np.random.Generator(np.random.Philox(self.integer(128)))


@contextmanager
def seeded_globals(seed: Seed) -> Iterator[None]:
    """Seed the global generators that a foreign library reads, and put them back afterwards.

    For libraries (SDV, RDT, Faker) that know no other way. Python's `random`, NumPy's legacy
    generator and, where it is loaded, torch's CPU generator are set and restored.
    """

    import numpy as np

    python_state, numpy_state = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    torch_state = torch.random.get_rng_state() if torch is not None else None
    random.seed(seed.child("python").integer())
    np.random.seed(seed.child("numpy").integer(32))
    if torch is not None:
        torch.random.default_generator.manual_seed(seed.child("torch").integer())
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        if torch is not None and torch_state is not None:
            torch.random.set_rng_state(torch_state)

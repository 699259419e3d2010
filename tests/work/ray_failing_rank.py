"""A program for `test_ray`: rank 1 of a training fails, and then does not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.nets.ray_ranks import fitted_on_cluster
from tests.nets.ranked_fit import RankedFit

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        fit = RankedFit(scratch / "killer")
        fit.killer.write_text("fail")
        job = Job(Seed(1), scratch)
        try:
            fitted_on_cluster(fit, job, 3, None, None)
        except BadInput as error:
            print(error)
        _, weights = fitted_on_cluster(fit, job, 3, None, None)
        _, alone = fit(Job(Seed(1), scratch / "alone"))
        print(torch.equal(weights, alone))

"""The training of preset `gpu`: pictures stay on the device, steps are compiled and recorded there.

Import it only where torch is needed.
"""

from __future__ import annotations

import dataclasses
import shutil
from importlib.util import find_spec

import torch
from torch import Tensor

from augment.core.errors import OutOfResources
from augment.core.types import Job
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import pictures, split_rows
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.flow.device_loss import DeviceLoss
from augment.kinds.images.engines.flow.dit import Dit, Through, passed
from augment.nets.devices import bytes_of
from augment.nets.player import LossInParts
from augment.nets.schedule import Schedule
from augment.nets.streams import torch_stream
from augment.nets.training import TrainingOutcome, train

SHARE_OF_PICTURES = 0.25  # of the device's memory, at most
PART = 50_000  # pictures that are sent to the device at a time


def train_on_device(
    network: Dit,
    data: Images,
    conditioning: Conditioning,
    batch: int,
    moved: bool,
    schedule: Schedule,
    label: str,
    job: Job,
) -> TrainingOutcome:
    """Fit the network, which lies on the job's device, in place."""
    device = job.device
    require_room(data, device)
    kept, learnt = split_rows(len(data), job.seed.child("held out"))
    conditions = torch.from_numpy(conditioning.matrix_of(data))
    words = conditioning.word_columns
    through = compiled(device)

    def of(rows: Tensor) -> DeviceLoss:
        parts = [
            torch.from_numpy(pictures(data, part)).to(device) for part in torch.split(rows, PART)
        ]
        told = conditions[rows].to(device)
        return DeviceLoss(network, torch.cat(parts), told, words, batch, moved, device, through)

    lesson = of(learnt)
    exam = dataclasses.replace(of(kept), moved=False)

    def draw(step: int) -> tuple[Tensor, ...]:
        return lesson.draw(torch_stream(job.seed.child("step", step).integer(), device))

    def held_out() -> float:
        return exam.held_out(torch_stream(job.seed.child("held out").integer(), device))

    parameters: dict[str, Tensor] = dict(network.named_parameters())
    return train(parameters, LossInParts(draw, lesson.loss), held_out, schedule, job, label)


def require_room(data: Images, device: str) -> None:
    """Raise `OutOfResources` where the device cannot hold the pictures beside the training."""
    room, height, width, channels = bytes_of(device), *data.schema.shape
    if room is None or len(data) * height * width * channels <= SHARE_OF_PICTURES * room:
        return
    most = int(SHARE_OF_PICTURES * room) // (height * width * channels)
    raise OutOfResources(
        f"{len(data):,} pictures are more than the {most:,} that preset gpu keeps on this device. "
        "Fit on fewer, on a smaller --canvas, or pass -p preset=cpu."
    )


def compiled(device: str) -> Through:
    """Blocks compiled for a CUDA device, where a compiler is; kernels of one are those of all."""
    able = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if bytes_of(device) is None or not able or find_spec("triton") is None:
        return passed
    found: Through = torch.compile(passed, dynamic=False)
    return found

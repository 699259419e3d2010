"""A second device where there is none: tensors of "cuda" lie on the CPU and bear a mark.

An operation on marked and unmarked tensors raises as it would on a GPU, and so does NumPy's look
at a marked one. The results are the CPU's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

CUDA = torch.device("cuda", 0)
PRODUCTS = ("linear", "conv2d", "matmul", "embedding_bag", "scaled_dot_product_attention")
FREE = ("copy_", "backward", "__repr__", "__deepcopy__", "_has_compatible_shallow_copy_type")


class FakeGenerator(torch.Generator):
    """A stream of any device: its numbers are the CPU's."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self.pretended = torch.device(device)

    def __new__(cls, device: torch.device | str = "cpu") -> FakeGenerator:
        return super().__new__(cls)

    @property
    def device(self) -> torch.device:
        return CUDA if self.pretended.type == "cuda" else self.pretended


def _elsewhere(generator: Any, device: str) -> bool:
    """Whether a generator is not the device's."""
    return generator is not None and generator.device.type != device


class FakeCuda(TorchFunctionMode):
    """`products` counts by device where the costly operations ran."""

    def __init__(self) -> None:
        super().__init__()
        self.products: Counter[str] = Counter()
        self._marks: dict[int, StorageWeakRef] = {}  # a kept reference keeps the address unique

    def marked(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._marks

    def mark(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        self._marks[storage._cdata] = StorageWeakRef(storage)
        return tensor

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        owner = getattr(getattr(func, "__self__", None), "__name__", "")
        if name in ("__get__", "__set__"):
            return self._attribute(owner, func, args)
        if name in ("numpy", "__array__") and self.marked(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        if name in ("to", "cpu", "cuda"):
            return self._moved(name, func, args, kwargs)
        if "device" in kwargs and kwargs["device"] is not None:
            return self._made(func, args, kwargs)
        if name in ("__getitem__", "__setitem__"):
            return self._indexed(name, func, args)
        tensors = list(_tensors((args, kwargs)))
        on_cuda = [each for each in tensors if self.marked(each)]
        if name not in FREE:
            apart = [each for each in tensors if each.ndim and not self.marked(each)]
            if on_cuda and apart:
                raise RuntimeError(f"{name}: expected all tensors to be on the same device")
            if on_cuda and _elsewhere(kwargs.get("generator"), "cuda"):
                raise RuntimeError(f"{name}: expected a 'cuda' device type for generator")
        if name in PRODUCTS or name in ("mm", "bmm", "addmm", "__matmul__"):
            self.products["cuda" if on_cuda else "cpu"] += 1
        found = func(*args, **kwargs)
        if on_cuda and name != "copy_":
            for each in _tensors(found):
                self.mark(each)
        return found

    def _attribute(self, name: str, func: Any, args: tuple[Any, ...]) -> Any:
        found = func(*args)
        marked = self.marked(args[0])
        if name == "device" and marked:
            return CUDA
        if name == "is_cuda":
            return marked
        if marked and isinstance(found, Tensor):
            self.mark(found)
        return found

    def _moved(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        here = args[0]
        goal = "cuda" if name == "cuda" else "cpu" if name == "cpu" else None
        rest: list[Any] = []
        for each in args[1:]:
            if isinstance(each, str | torch.device):
                goal = torch.device(each).type
            elif isinstance(each, Tensor):
                goal = "cuda" if self.marked(each) else "cpu"
                rest.append(each.dtype)
            elif each is not None or rest:
                rest.append(each)
        device = kwargs.pop("device", None)
        goal = goal if device is None else torch.device(device).type
        if name != "to":
            rest = []
        if goal == "meta":
            return func(*args, **kwargs)
        was = "cuda" if self.marked(here) else "cpu"
        goal = was if goal is None else goal
        dtypes = [each for each in rest if isinstance(each, torch.dtype)]
        found = here.to(*dtypes[:1], **kwargs) if dtypes or kwargs else here
        if was != goal and found.untyped_storage()._cdata == here.untyped_storage()._cdata:
            found = found.clone()
        return self.mark(found) if goal == "cuda" else found

    def _made(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        on_cuda = torch.device(kwargs["device"]).type == "cuda"
        if _elsewhere(kwargs.get("generator"), "cuda" if on_cuda else "cpu"):
            raise RuntimeError("expected another device type for generator")
        if not on_cuda:
            return func(*args, **kwargs)
        kwargs["device"] = "cpu"
        return self.mark(func(*args, **kwargs))

    def _indexed(self, name: str, func: Any, args: tuple[Any, ...]) -> Any:
        here, places = args[0], list(_tensors(args[1]))
        marked = self.marked(here)
        if not marked and any(self.marked(each) for each in places):
            raise RuntimeError("indices should be either on cpu or on the indexed tensor's device")
        if name == "__setitem__":
            value = args[2]
            if isinstance(value, Tensor) and value.ndim and places and self.marked(value) != marked:
                raise RuntimeError(f"{name}: expected all tensors to be on the same device")
            return func(*args)
        found = func(*args)
        return self.mark(found) if marked else found


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCuda]:
    """The pretence, for one test; both devices compute in float32, as where nothing shorter is
    native, so that they agree to the bit."""
    answer: Callable[..., bool] = lambda including_emulation=True: False  # noqa: E731
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", answer)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", answer)
    with FakeCuda() as mode:
        monkeypatch.setattr(torch, "Generator", FakeGenerator)
        yield mode

"""What this machine has. Nothing here loads torch until a tensor needs a place."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["Gpu", "Machine", "Meter", "PeakMemory", "Usage", "machine", "torch_device"]


_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One CUDA device as the driver reports it."""

    name: str
    memory_total: int
    """Bytes."""
    memory_free: int
    """Bytes, at the time of asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The server's hardware."""

    cpu: str
    n_cores: int
    """Cores this process may use."""
    memory_total: int
    """Bytes; the container's limit where there is one."""
    memory_available: int
    """Bytes."""
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False
    """Apple's GPU is there."""

    @property
    def accelerator(self) -> str:
        """What training will run on, in words."""
        if self.gpus:
            names = {gpu.name for gpu in self.gpus}
            return f"{len(self.gpus)} x {' / '.join(sorted(names))}"
        return "Apple GPU" if self.mps else "CPU"

    @property
    def place(self) -> str:
        """The same, with the processor's name and cores where that is what computes."""
        if self.gpus or self.mps:
            return self.accelerator
        return f"{self.cpu}, {self.n_cores} {'core' if self.n_cores == 1 else 'cores'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What this process takes of its device now."""

    memory: int
    """Bytes: of the GPU as its allocator holds them, or of this process."""
    busy: float
    """Share of the GPU's time, or of all cores this process may use, in [0, 1]."""


class Meter:
    """Reads usage; each reading is over the time since the one before."""

    def __init__(self, device: torch.device) -> None:
        import psutil

        self._device, self._process = device, psutil.Process()
        self._cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._process.cpu_percent()

    def read(self) -> Usage:
        """Take a reading; well under a millisecond."""
        if self._device.type == "cuda":
            import torch

            busy = torch.cuda.utilization(self._device) / 100
            return Usage(memory=torch.cuda.memory_reserved(self._device), busy=busy)
        busy = self._process.cpu_percent() / 100 / self._cores
        return Usage(memory=self._process.memory_info().rss, busy=min(1.0, busy))


class PeakMemory:
    """The most memory taken since it was made or last reset, over what was taken when it was made.

    On CUDA what torch's allocator gave out; elsewhere what this process held of the machine's, so that freed memory
    which the allocator keeps still counts.
    """

    def __init__(self, device: torch.device) -> None:
        import psutil

        self._device, self._process = device, psutil.Process()
        _settle(device)
        self._before = self._process.memory_info().rss
        self.reset()

    def reset(self) -> None:
        """Forget the peak so far."""
        if self._device.type == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats(self._device)
        elif _STATUS.exists():
            _FORGET.write_text("5")  # Linux: proc(5), "reset the peak resident set size"

    def read(self) -> int:
        """Bytes."""
        if self._device.type == "cuda":
            import torch

            return int(torch.cuda.max_memory_allocated(self._device))
        return max(0, self._highest() - self._before)

    def room(self) -> int:
        """Bytes that the device could give at most, those this process has among them."""
        if self._device.type == "cuda":
            import torch

            return int(torch.cuda.mem_get_info(self._device)[0] + torch.cuda.memory_reserved(self._device))
        return int(machine().memory_available + self._process.memory_info().rss - self._before)

    def _highest(self) -> int:
        if _STATUS.exists():
            line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
            return 1024 * int(line.split()[1])
        import resource

        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes where there is no /proc, on macOS


def machine() -> Machine:
    """Ask the operating system and the NVIDIA driver; takes milliseconds and loads no framework."""
    import psutil

    memory = psutil.virtual_memory()
    limit = _container_limit()
    total = min(memory.total, limit) if limit else memory.total
    return Machine(
        cpu=_cpu_name(),
        n_cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_total=total,
        memory_available=min(memory.available, total),
        gpus=_gpus(),
        mps=platform.system() == "Darwin" and platform.machine() == "arm64",
    )


def torch_device(name: str = "auto") -> torch.device:
    """`auto` takes CUDA, then Apple's GPU, then the CPU; any other name is torch's own."""
    import torch

    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")


def _settle(device: torch.device) -> None:
    """Work a little of everything, so that code which is paged in, and the context of a GPU, are there already."""
    import torch
    from torch import nn

    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 8)).to(device)
    moves = torch.optim.AdamW(net.parameters(), fused=True)
    net(torch.zeros(2, 3, 8, 8, device=device)).sum().backward()
    moves.step()


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _container_limit() -> int | None:
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else ""
    return int(text) if text.isdigit() else None


def _gpus() -> tuple[Gpu, ...]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return tuple(_gpu(handle) for handle in handles)
    finally:
        pynvml.nvmlShutdown()


def _gpu(handle: object) -> Gpu:
    import pynvml

    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(name=str(pynvml.nvmlDeviceGetName(handle)), memory_total=int(memory.total), memory_free=int(memory.free))

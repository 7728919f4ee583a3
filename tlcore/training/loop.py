"""The whole training as a generator: to stop it, stop iterating."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, optim
from torch.nn.functional import cross_entropy

from tlcore.errors import RecipeError
from tlcore.features.feeds import Feed, Feeds, move
from tlcore.strategies import Phase
from tlcore.training.checkpoint import moved
from tlcore.training.events import EpochDone, Event, Finished, PhaseStarted, RunStarted, StepDone
from tlcore.training.groups import count, freeze, optimizer, parameter_groups, set_modes
from tlcore.training.recipe import Recipe
from tlcore.training.scoring import Forward, embedder, logits
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["fit"]

TELL_SECONDS = 0.1


def fit(model: TransferModel, data: Feeds, recipe: Recipe) -> Generator[Event]:
    """Train `model` in place as `recipe` says and tell each event as it happens.

    However the iteration ends, by itself or by `close()`, the model then holds the weights of the epoch that was best
    on val (highest accuracy, then lowest loss), or the current ones if no epoch was finished.

    While the backbone is wholly frozen, each sample passes through it once: the first epoch stores its features.

    Raises:
        RecipeError: a phase names parameters that the model does not have, or a split is empty.
    """
    torch.manual_seed(recipe.seed)
    phases = recipe.strategy.phases(model, recipe.epochs)
    epochs = sum(phase.epochs for phase in phases)
    run = _Run(model=model, data=data, recipe=recipe, steps=epochs * math.ceil(_n_train(data) / recipe.batch_size))
    try:
        freeze(model, phases[0])
        trainable, total = count(model)
        yield RunStarted(epochs=epochs, steps=run.steps, trainable=trainable, total=total)
        for phase in phases:
            yield from run.phase(phase)
        yield run.finished()
    finally:
        model.load_state_dict(run.best_weights, strict=False)
        model.eval()


@dataclass(kw_only=True)
class _Run:
    """What the loop knows between two events."""

    model: TransferModel
    data: Feeds
    recipe: Recipe
    steps: int
    step: int = 0
    epoch: int = 0
    best: EpochDone | None = None
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.device = next(self.model.parameters()).device
        self.order = torch.Generator().manual_seed(self.recipe.seed)
        self.rule = self.recipe.optimizer or self.recipe.strategy.optimizer

    def phase(self, phase: Phase) -> Iterator[Event]:
        freeze(self.model, phase)
        yield PhaseStarted(name=phase.name, epoch=self.epoch + 1, trainable=count(self.model)[0])
        update = optimizer(self.rule, parameter_groups(self.model, phase.lrs, self.rule.weight_decay))
        forward, train, val = self.feeds(set_modes(self.model))
        for _ in range(phase.epochs):
            self.epoch += 1
            train_loss, train_accuracy = yield from self.train(forward, train, update)
            scores, labels = yield from logits(self.model, forward, val, "val")
            yield self.judge(train_loss, train_accuracy, scores, labels)

    def feeds(self, frozen: bool) -> tuple[Forward, Feed, Feed]:
        """What runs and what it reads: only the head, on stored features, while the backbone stays as it is."""
        if not frozen:
            return self.model, self.data.raw("train"), self.data.raw("val")
        embed = embedder(self.model)
        return self.model.head, self.data.features("train", embed), self.data.features("val", embed)

    def train(
        self, forward: Forward, feed: Feed, update: optim.Optimizer
    ) -> Generator[StepDone, None, tuple[float, float]]:
        """One epoch; returns its mean loss and accuracy. Results leave the device some at a time."""
        set_modes(self.model)
        told, pending, done = time.monotonic(), list[_Step](), list[tuple[float, float, int]]()
        for x, y in feed.batches(self.recipe.batch_size, torch.randperm(len(feed), generator=self.order)):
            pending.append(self.take_step(forward, x, y.to(self.device, non_blocking=True), update))
            if time.monotonic() - told > TELL_SECONDS:
                done += yield from self.tell(pending)
                told = time.monotonic()
        done += yield from self.tell(pending)
        n = sum(size for _, _, size in done)
        return sum(loss * size for loss, _, size in done) / n, sum(right for _, right, _ in done) / n

    def take_step(self, forward: Forward, x: Inputs, y: Tensor, update: optim.Optimizer) -> _Step:
        self.step += 1
        factor = self.recipe.schedule.factor(self.step, self.steps)
        for group in update.param_groups:
            group["lr"] = group["base_lr"] * factor
        out = forward(move(x, self.device))  # (B, C)
        loss = cross_entropy(out, y)
        update.zero_grad(set_to_none=True)
        loss.backward()
        update.step()
        lrs = {group["pattern"]: group["lr"] for group in update.param_groups}
        right = (out.detach().argmax(1) == y).sum()
        return _Step(step=self.step, lrs=lrs, n=len(y), measured=torch.stack((loss.detach().float(), right.float())))

    def tell(self, pending: list[_Step]) -> Generator[StepDone, None, list[tuple[float, float, int]]]:
        """Report the pending steps and forget them; returns (loss, number right, samples) of each."""
        numbers = torch.stack([step.measured for step in pending]).tolist() if pending else []
        rows = [(loss, right, step.n) for step, (loss, right) in zip(pending, numbers, strict=True)]
        for step, (loss, right, n) in zip(pending, rows, strict=True):
            yield StepDone(step=step.step, epoch=self.epoch, loss=loss, accuracy=right / n, lrs=step.lrs)
        pending.clear()
        return rows

    def judge(self, train_loss: float, train_accuracy: float, scores: Tensor, labels: Tensor) -> EpochDone:
        """Close the epoch; if it is the best so far, keep a copy of its weights."""
        loss = cross_entropy(scores, labels).item()
        accuracy = (scores.argmax(1) == labels).float().mean().item()
        best = self.best is None or (accuracy, -loss) > (self.best.val_accuracy, -self.best.val_loss)
        done = EpochDone(
            epoch=self.epoch,
            step=self.step,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=loss,
            val_accuracy=accuracy,
            best=best,
        )
        if best:
            self.best = done
            self.best_weights |= {name: value.detach().clone() for name, value in moved(self.model).items()}
        return done

    def finished(self) -> Finished:
        assert self.best is not None
        return Finished(best_epoch=self.best.epoch, val_accuracy=self.best.val_accuracy, val_loss=self.best.val_loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    step: int
    lrs: dict[str, float]
    n: int
    measured: Tensor
    """Loss and number right, (2,), still on the device."""


def _n_train(data: Feeds) -> int:
    n = len(data.raw("train"))
    if not n or not len(data.raw("val")):
        raise RecipeError("Training needs samples in both the train and the val split; one of them is empty.")
    return n

"""The whole training as a generator: to stop it, stop iterating."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tlcore.errors import DivergedError, RecipeError
from tlcore.features.feeds import Feeds, move
from tlcore.precision import chosen, scaler
from tlcore.strategies import Phase, Preparing
from tlcore.training.criterion import Criterion, class_weights, mixer, order
from tlcore.training.events import (
    EpochDone,
    Event,
    Finished,
    PhaseStarted,
    RunStarted,
    SavePoint,
    Told,
    Warned,
)
from tlcore.training.feeding import Fed, fed
from tlcore.training.groups import (
    batch_norms,
    carry,
    count,
    freeze,
    movable,
    optimizer,
    parameter_groups,
    set_modes,
    untouched_stages,
)
from tlcore.training.recipe import Recipe
from tlcore.training.scoring import Forward, logits, macro_f1
from tlcore.training.state import Position, load_state, restore_random, save_state
from tlcore.training.steps import ADVICE, Taken, reported
from tlcore.training.update import Update
from tlcore.zoo.model import TransferModel

__all__ = ["Training", "fit"]

TELL_SECONDS = 0.1


def fit(model: TransferModel, data: Feeds, recipe: Recipe, *, resume: Path | None = None) -> Generator[Event]:
    """Train `model` in place as `recipe` says and tell each event as it happens.

    However the iteration ends, by itself, by `close()` or by an error, the model then holds the weights of the epoch
    that was best on val (highest accuracy, then lowest loss), or the ones it came with if no epoch was finished.

    While the backbone is wholly frozen, each sample passes through it once: the first epoch stores its features. While
    its first stages are, the activations behind them are stored, where there is room.

    Args:
        resume: A file written at a `SavePoint` of the same recipe: the training goes on from there, and every loss is
            the one it would have been.

    Raises:
        RecipeError: a phase names parameters that the model does not have, or a split is empty.
        DivergedError: the loss is no longer a number.
        RunError: the state cannot be read, or is another recipe's.
    """
    torch.manual_seed(recipe.seed)
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    run = Training(model=model, data=data, recipe=recipe)
    try:
        if resume:
            run.resume(resume)
        yield from run.events()
    finally:
        model.load_state_dict(run.best_weights, strict=False)
        model.eval()


@dataclass(kw_only=True)
class Training:
    """What the loop knows between two events. `fit` is the way to use it; measurements borrow its parts."""

    model: TransferModel
    data: Feeds
    recipe: Recipe
    at: Position = field(default_factory=Position)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    update: Update | None = None
    pending: list[Taken] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        recipe, self.labels = self.recipe, _labels(self.data)
        self.phases = recipe.plan(self.model)
        self.n_classes = _n_classes(self.model)
        self.device = next(self.model.parameters()).device
        self.dtype = chosen(recipe.precision, self.device)
        self.freezes_bn = recipe.freezes_batch_norm()
        self.movable = movable(self.model, self.phases)
        self.best_weights = self.weights()
        self.per_epoch = math.ceil(len(self.labels) / recipe.batch_size)
        self.steps = self.per_epoch * sum(phase.epochs for phase in self.phases)
        self.at.micro = math.ceil(recipe.batch_size / recipe.accumulate)
        self.pristine = recipe.strategy.pretrained and not isinstance(recipe.strategy, Preparing)
        weights = class_weights(self.labels, self.n_classes).to(self.device) if recipe.balance == "weights" else None
        self.criterion = Criterion(weights, recipe.label_smoothing)
        augmentation = recipe.augmentation
        self.mix = mixer(augmentation, self.n_classes) if augmentation.mixes else None
        self.resumed: dict[str, object] = {}

    def resume(self, path: Path) -> None:
        """Take over position, weights and random numbers; the optimizer's state waits for its phase."""
        self.resumed = load_state(path, self.recipe, self.model)
        self.at = self.resumed["position"]  # type: ignore[assignment]
        self.best_weights = self.resumed["best"]  # type: ignore[assignment]
        self.model.load_state_dict(self.resumed["weights"], strict=False)  # type: ignore[arg-type]

    def events(self) -> Iterator[Event]:
        """From the first event to the last."""
        freeze(self.model, self.phases[self.at.phase], batch_norm=self.freezes_bn)
        trainable, total = count(self.model)
        yield RunStarted(
            epochs=sum(phase.epochs for phase in self.phases),
            steps=self.steps,
            trainable=trainable,
            total=total,
            step=self.at.step,
            precision=str(self.dtype).removeprefix("torch."),
            best=self.at.best,
        )
        while self.at.phase < len(self.phases):
            yield from self.phase(self.phases[self.at.phase])
            self.at.phase, self.at.phase_epochs = self.at.phase + 1, 0
            self.at.lowest, self.at.waited = float("inf"), 0
        assert self.at.best is not None
        best = self.at.best
        yield Finished(best_epoch=best.epoch, val_accuracy=best.val_accuracy, val_loss=best.val_loss)

    def phase(self, phase: Phase) -> Iterator[Event]:
        """All epochs of one trainable set, or fewer if val stops getting better."""
        frozen = self.begin(phase)
        if not self.at.phase_epochs and not self.at.batches:
            still = 0 if frozen or not self.freezes_bn else len(batch_norms(self.model.backbone))
            trainable = count(self.model)[0]
            yield PhaseStarted(name=phase.name, epoch=self.at.epoch + 1, trainable=trainable, batch_norms=still)
        by = self.fed()
        while self.at.phase_epochs < phase.epochs and not self.exhausted():
            yield from self.epoch(phase, by)
        if self.at.phase_epochs < phase.epochs:
            yield Told(
                text=f"Phase {phase.name!r} ends at epoch {self.at.epoch}: for {self.at.waited} epochs the val loss "
                f"did not fall below {self.at.lowest:.4f}."
            )

    def begin(self, phase: Phase) -> bool:
        """Freeze, and make the optimizer; returns whether the whole backbone is frozen."""
        freeze(self.model, phase, batch_norm=self.freezes_bn)
        frozen = set_modes(self.model)
        self.training = [module for module in self.model.modules() if module.training]
        rule = self.recipe.optimizer
        fresh = optimizer(rule, parameter_groups(self.model, phase.lrs, rule.weight_decay))
        before = self.update.optimizer if self.update else None
        self.update = Update(
            optimizer=carry(before, fresh),
            criterion=self.criterion,
            scaler=scaler(self.device, torch.float32 if frozen else self.dtype),
            clip=self.recipe.clip,
            micro=self.at.micro,
            warn=self.warnings.append,
        )
        if self.resumed:
            self.update.optimizer.load_state_dict(self.resumed["optimizer"])  # type: ignore[arg-type]
            self.update.scaler.load_state_dict(self.resumed["scaler"])  # type: ignore[arg-type]
            restore_random(self.resumed["random"])  # type: ignore[arg-type]
            self.resumed = {}
        return frozen

    def fed(self) -> Fed:
        """What the phase runs, and what it reads."""
        untouched = untouched_stages(self.model, self.phases[: self.at.phase + 1]) if self.pristine else 0
        return fed(self.model, self.data, self.recipe, untouched, self.dtype)

    def exhausted(self) -> bool:
        """Whether val got no better for as long as the recipe waits."""
        return bool(self.recipe.patience) and self.at.waited >= self.recipe.patience

    def epoch(self, phase: Phase, by: Fed) -> Iterator[Event]:
        """One pass over train, then val."""
        if not self.at.batches:
            self.at.epoch += 1
            self.at.loss, self.at.right, self.at.seen = 0.0, 0.0, 0
        yield from self.train(phase, by)
        yield self.save_point()
        scores, labels = yield from logits(self.model, by.forward, by.val, "val", batch=max(64, self.at.micro))
        self.at.batches = 0
        self.at.phase_epochs += 1
        yield self.judge(scores, labels)
        over = self.at.phase_epochs == phase.epochs or self.exhausted()
        yield self.save_point(epoch_done=True, final=over and phase is self.phases[-1])

    def train(self, phase: Phase, by: Fed) -> Iterator[Event]:
        """The rest of one epoch's steps. Results leave the device some at a time."""
        for module in self.training:  # scoring val has put them in eval mode
            module.training = True
        assert self.update is not None
        rest = order(self.recipe, self.labels, self.n_classes, self.at.epoch)
        rest = rest[self.at.batches * self.recipe.batch_size :]
        told, due = time.monotonic(), True
        for x, y in by.train.batches(self.recipe.batch_size, rest, self.at.epoch):
            measured = self.take_step(
                phase, by.forward, move(x, self.device), y.to(self.device, non_blocking=True), due
            )
            self.pending.append(measured)
            due = time.monotonic() - told > TELL_SECONDS
            if due:
                yield from self.tell()
                yield self.save_point()
                told = time.monotonic()
        yield from self.tell()

    def take_step(self, phase: Phase, forward: Forward, x: object, y: Tensor, norm: bool) -> Taken:
        """Move the weights once."""
        assert self.update is not None
        n = len(y)
        if self.mix and isinstance(x, Tensor):
            x, y = self.mix(x, y)
        measured = self.update.step(forward, x, y, self.factor(phase), norm=norm)  # type: ignore[arg-type]
        self.at.micro = self.update.micro
        self.at.batches += 1
        self.at.step += 1
        lrs = {group["pattern"]: group["lr"] for group in self.update.optimizer.param_groups}
        return Taken(step=self.at.step, lrs=lrs, n=n, measured=measured)

    def factor(self, phase: Phase) -> float:
        """What the coming step multiplies base rates by: the recipe's schedule, and the phase's warm-up."""
        within = self.at.phase_epochs * self.per_epoch + self.at.batches + 1
        epochs = [phase.epochs for phase in self.phases]
        planned = self.recipe.factor(epochs, self.per_epoch, self.at.phase, within)
        return planned * phase.factor(within, phase.epochs * self.per_epoch)

    def tell(self) -> Iterator[Event]:
        """Report the pending steps and forget them."""
        steps, self.pending = self.pending, []
        for done, right in reported(steps, self.at.epoch, self.device):
            self.at.loss += done.loss * done.n
            self.at.right += right
            self.at.seen += done.n
            yield done
        while self.warnings:
            yield Warned(text=self.warnings.pop(0))

    def judge(self, scores: Tensor, labels: Tensor) -> EpochDone:
        """Close the epoch; if it is the best so far, keep a copy of its weights."""
        loss = cross_entropy(scores, labels).item()
        if not math.isfinite(loss):
            raise DivergedError(f"The val loss of epoch {self.at.epoch} is {loss}. {ADVICE}")
        accuracy, before = (scores.argmax(1) == labels).float().mean().item(), self.at.best
        done = EpochDone(
            epoch=self.at.epoch,
            step=self.at.step,
            train_loss=self.at.loss / self.at.seen,
            train_accuracy=self.at.right / self.at.seen,
            val_loss=loss,
            val_accuracy=accuracy,
            val_macro_f1=macro_f1(scores, labels),
            best=before is None or (accuracy, -loss) > (before.val_accuracy, -before.val_loss),
        )
        if done.best:
            self.at.best, self.best_weights = done, self.weights()
        self.at.waited = 0 if loss < self.at.lowest else self.at.waited + 1
        self.at.lowest = min(self.at.lowest, loss)
        return done

    def weights(self) -> dict[str, Tensor]:
        """A copy of all that any phase moves."""
        stored = self.model.state_dict()
        return {name: stored[name].detach().clone() for name in self.movable}

    def save_point(self, *, epoch_done: bool = False, final: bool = False) -> SavePoint:
        return SavePoint(step=self.at.step, epoch_done=epoch_done, final=final, save=self.save)

    def save(self, path: Path) -> None:
        """Write the state as it is at this very event."""
        assert self.update is not None
        save_state(
            path,
            recipe=self.recipe,
            position=self.at,
            weights=self.weights(),
            best=self.best_weights,
            optimizer=self.update.optimizer,
            scaler=self.update.scaler,
        )


def _n_classes(model: TransferModel) -> int:
    *_, last = (module for module in model.head.modules() if isinstance(module, torch.nn.Linear))
    return last.out_features


def _labels(data: Feeds) -> Tensor:
    labels = data.raw("train").labels
    if not len(labels) or not len(data.raw("val")):
        raise RecipeError("Training needs samples in both the train and the val split; one of them is empty.")
    return labels

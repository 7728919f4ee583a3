"""A stored dataset as the feeds of a training."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from tlcore.data import Dataset, Split
from tlcore.data.augmentation import Augmentation
from tlcore.features.backends import Embed, Fastest
from tlcore.features.boundary import ActivationFeed, packed
from tlcore.features.cached import CachedFeed, EmbeddingClock, MixedFeed
from tlcore.features.feeds import Embedding, Feed, Front, RawFeed, Read, ReadVaried, Rows
from tlcore.features.inputs import ImageInputs, TextInputs, reader
from tlcore.features.loading import LoadedFeed
from tlcore.features.resident import ResidentFeed, room
from tlcore.features.store import Features, FeatureStore
from tlcore.features.varied import reading, varied
from tlcore.precision import autocast, chosen
from tlcore.shelf import shelf, shelf_limit
from tlcore.zoo import Backbone, stage_title, weights_key

__all__ = ["ACTIVATIONS_SHARE", "DatasetFeeds"]

GATHER = 256
"""Samples that a GPU embeds at once: it is idle with fewer."""
ACTIVATIONS_SHARE = 0.25
"""Of the shelf of features, what the activations behind one frozen stage may take."""


class DatasetFeeds:
    """All splits of a dataset for one backbone, through the home's stores of decoded images and of features.

    Raises:
        RecipeError: augmentation of something other than images.
    """

    def __init__(
        self,
        dataset: Dataset,
        backbone: Backbone,
        home: Path,
        *,
        device: torch.device,
        augmentation: Augmentation = Augmentation(),
        seed: int = 0,
        precision: str = "auto",
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        augmentation.check(dataset.modality, frozen=False)
        self._dataset, self._backbone, self._home, self._device, self._tell = dataset, backbone, home, device, tell
        self._augmentation, self._seed = augmentation, seed
        self._dtype = chosen(precision, device)
        self._inputs = reader(backbone, home)
        self._weights = weights_key(backbone, home)
        self._read = reading(dataset, self._inputs, home)
        if isinstance(self._inputs, ImageInputs):
            self._shown = varied(self._read, augmentation, self._inputs.preprocessing, seed)
        self._labels = torch.from_numpy(dataset.labels())
        self._store = FeatureStore(shelf(home, "features"))
        self._feeds: dict[str, CachedFeed] = {}
        self._activations: dict[tuple[Split, str], ActivationFeed] = {}
        self._resident: dict[Split, ResidentFeed] = {}
        self._tables: dict[str, Features | None] = {}
        self._embed: Embed | None = None
        self._clock = EmbeddingClock()

    def raw(self, split: Split) -> Feed:
        """Inputs of the whole model; those of train augmented anew each time they come up."""
        rows = self._dataset.rows(split)
        augmented = split == "train" and self._augmentation.active
        changing: ReadVaried = lambda some, epoch: self._shown(some, "epoch", epoch)  # noqa: E731
        plain: ReadVaried = lambda some, epoch: self._read(some)  # noqa: E731
        feed = RawFeed(changing if augmented else plain, self._inputs, rows, self._labels[rows])
        if self._device.type != "cuda":
            return feed
        if augmented or split == "test":
            return LoadedFeed(feed)
        if split not in self._resident:
            self._resident[split] = ResidentFeed(LoadedFeed(feed), self._device, limit=room(self._device))
        return self._resident[split]

    def features(self, split: Split, embed: Embed) -> Feed:
        """Features (B, D) from the store; those of train drawn from the plain and the augmented views.

        Raises:
            RecipeError: an augmentation without a view that could show it.
        """
        self._augmentation.check(self._dataset.modality, frozen=True)
        self._embed = self._embed or self._fastest(embed)
        n_views = self._augmentation.views if split == "train" else 0
        views = [self._view(split, number, self._embed) for number in range(n_views + 1)]
        return MixedFeed(views, self._seed) if n_views else views[0]

    def some(self, rows: Rows, embed: Embed | None = None) -> Feed:
        """Samples of any split, never varied: inputs of the whole model, or features from the store with `embed`."""
        if embed is None:
            feed = RawFeed(lambda some, epoch: self._read(some), self._inputs, rows, self._labels[rows])
            return LoadedFeed(feed) if self._device.type == "cuda" else feed
        self._embed = self._embed or self._fastest(embed)
        self._feeds["some"] = self._cached(rows, 0, self._embed)
        return self._feeds["some"]

    def activations(self, split: Split, stage: str, front: Front) -> Feed | None:
        """Activations behind a frozen stage, from the store; None, with a word on it, where they outgrow the budget."""
        key = {**self._key(0), "stage": stage}
        name = json.dumps(key)
        if name not in self._tables:
            self._tables[name] = self._room(stage, front, key)
        table = self._tables[name]
        if table is None:
            return None
        rows = self._dataset.rows(split)
        feed = ActivationFeed(self._read, self._inputs, rows, self._labels[rows], table, front, self._clock)
        self._activations = {key: other for key, other in self._activations.items() if key[1] == name}
        self._activations[split, name] = feed
        return feed

    def _room(self, stage: str, front: Front, key: Mapping[str, str]) -> Features | None:
        """The table for the activations behind a stage, if what training reads of them fits the budget."""
        rows = np.concatenate([self._dataset.rows("train"), self._dataset.rows("val")])
        shape = tuple(packed(front(self._inputs.collate(self._read(rows[:1])))).shape[1:])
        lengths = None
        if isinstance(self._inputs, TextInputs):
            lengths = self._inputs.lengths(self._read(rows))
            shape = (max(lengths), *shape[1:])
        n_bytes = 4 * (sum(lengths) * shape[1] if lengths else len(rows) * math.prod(shape))
        words = stage_title(stage)
        budget = shelf_limit() * ACTIVATIONS_SHARE
        if n_bytes > budget:
            self._tell(
                f"The stages up to {words} are frozen, but their activations would take {n_bytes / 1e9:.1f} GB, more "
                f"than the {budget / 1e9:.1f} GB they may (a quarter of TLSTUDIO_CACHE_GB): computed in each epoch."
            )
            return None
        self._tell(
            f"The stages up to {words} are frozen: each sample passes them once, and {n_bytes / 1e6:.0f} MB of "
            "activations are kept."
        )
        return self._store.table({**key, "tokens": str(shape[0])} if lengths else key, self._dataset.n_samples, *shape)

    def embedding(self) -> Embedding:
        """Progress of the one pass over what was asked for so far."""
        feeds: list[CachedFeed | ActivationFeed] = [*self._feeds.values(), *self._activations.values()]
        if not feeds:
            return Embedding(done=0, total=0, seconds=0.0, fresh=0)
        total = sum(map(len, feeds))
        left = sum(feed.missing for feed in feeds)
        return Embedding(done=total - left, total=total, seconds=self._clock.seconds, fresh=self._clock.n)

    def _view(self, split: Split, number: int, embed: Embed) -> CachedFeed:
        name = f"{split}-{number}"
        if name not in self._feeds:
            self._feeds[name] = self._cached(self._dataset.rows(split), number, embed)
        return self._feeds[name]

    def _cached(self, rows: Rows, number: int, embed: Embed) -> CachedFeed:
        table = self._store.table(self._key(number), self._dataset.n_samples, self._backbone.n_features)
        read: Read = (lambda rows: self._shown(rows, "view", number)) if number else self._read
        gather = GATHER if self._device.type == "cuda" else 0
        return CachedFeed(read, self._inputs, rows, self._labels[rows], table, embed, self._clock, gather=gather)

    def _key(self, view: int) -> Mapping[str, str]:
        key = {
            "content": self._dataset.content,
            "backbone": self._backbone.name,
            "weights": self._weights,
            "inputs": self._inputs.fingerprint,
            "precision": str(self._dtype).removeprefix("torch."),
        }
        if not view:
            return key
        key |= {"policy": self._augmentation.policy, "erasing": str(self._augmentation.erasing)}
        if given := self._augmentation.given():
            key["knobs"] = json.dumps(given, sort_keys=True)
        return key | {"view": f"{self._seed}/{view}"}

    def _fastest(self, embed: Embed) -> Embed:
        if self._device.type != "cpu" or self._dtype != torch.float32:
            return autocast(embed, self._device, self._dtype)
        return Fastest(embed, self._backbone, self._home, tell=self._tell, left=lambda: self.embedding().left)

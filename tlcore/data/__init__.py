"""Labelled images and texts: read, checked, split, stored under the name of their content."""

from tlcore.data.columns import Columns
from tlcore.data.dataset import Dataset, Modality, list_datasets, load_dataset
from tlcore.data.export import export
from tlcore.data.images import decode_image
from tlcore.data.ingestion import ingest
from tlcore.data.limits import Limits
from tlcore.data.problems import Problem
from tlcore.data.resplitting import as_brought, bring_back, divided, gaps, resplit
from tlcore.data.samples import SAMPLES, Sample, add_sample
from tlcore.data.splits import SPLITS, Split, SplitRatios
from tlcore.data.tables import Table, inspect_table
from tlcore.data.uploads import receive, resolve

__all__ = [
    "SAMPLES",
    "SPLITS",
    "Columns",
    "Dataset",
    "Limits",
    "Modality",
    "Problem",
    "Sample",
    "Split",
    "SplitRatios",
    "Table",
    "add_sample",
    "as_brought",
    "bring_back",
    "decode_image",
    "divided",
    "export",
    "gaps",
    "ingest",
    "inspect_table",
    "list_datasets",
    "load_dataset",
    "receive",
    "resolve",
    "resplit",
]

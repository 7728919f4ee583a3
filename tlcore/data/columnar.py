"""Parquet files, a batch of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tlcore.data.grid import Grid
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings
from tlcore.data.records import Record
from tlcore.errors import DataError

__all__ = ["class_names", "read_columnar"]

BATCH_ROWS = 256
MAX_COLUMNS = 512


def read_columnar(path: Path, limits: Limits) -> Grid:
    """The columns of a Parquet file that can be read as text; class labels by their names, where the file has those.

    Raises:
        DataError: no Parquet file, damaged, a bomb, or without two such columns.
    """
    name = readable(path.name)
    file = _opened(path)
    unpacked = sum(file.metadata.row_group(place).total_byte_size for place in range(file.metadata.num_row_groups))
    if unpacked > limits.max_table_bytes or file.metadata.num_rows > limits.max_rows:
        raise DataError(
            f"{name} unpacks to {unpacked:,} bytes in {file.metadata.num_rows:,} rows; {limits.max_table_bytes:,} "
            f"bytes and {limits.max_rows:,} rows are allowed; divide it."
        )
    written = [field.name for field in file.schema_arrow if _is_plain(field.type)][:MAX_COLUMNS]
    if len(written) < limits.min_columns or len(set(written)) < len(written):
        raise DataError(f"{name} has no two columns of texts or numbers under names of their own; export it again.")
    return Grid(
        columns=tuple(readable(one) or f"column_{place}" for place, one in enumerate(written, start=1)),
        header=True,
        unit="row",
        n_rows=file.metadata.num_rows,
        rows=lambda findings: _rows(path, written, findings),
    )


def class_names(schema: Any) -> dict[str, list[str]]:
    """The names of class labels by column, as the library `datasets` notes them in a file's schema."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        found = {column: about.get("names") for column, about in features.items() if isinstance(about, dict)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {column: [str(name) for name in names] for column, names in found.items() if isinstance(names, list)}


def _opened(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{readable(path.name)} is no Parquet file, or is damaged; export it again.") from error


def _is_plain(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    texts = types.is_string(kind) or types.is_large_string(kind)
    return bool(texts or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))


def _rows(path: Path, columns: list[str], findings: Findings) -> Iterator[Record]:
    import pyarrow as pa

    file = _opened(path)
    names = class_names(file.schema_arrow)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
            cells = [_texts(batch.column(column).to_pylist(), names.get(column)) for column in columns]
            for row in zip(*cells, strict=True):
                number += 1
                yield number, list(row)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise DataError(f"{readable(path.name)} is damaged after row {number:,}; export it again.") from error


def _texts(values: list[Any], names: list[str] | None) -> list[str]:
    return [_text(value, names) for value in values]


def _text(value: Any, names: list[str] | None) -> str:
    if value is None:
        return ""
    if names is not None and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

"""Out of the store: Parquet, CSV, JSON lines, vCon. Rows are streamed; files appear whole.

Parquet needs ``callvoice[parquet]``. In Parquet and CSV, columns with a structure (``notes``,
``details``) are JSON texts. In CSV, a text that begins like a formula (``=``, ``+``, ``-``, ``@``)
has an apostrophe before it, so that no spreadsheet runs what a caller said.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Select, TypeDecorator

from callvoice.errors import CannotWrite, UnreadableInput, printable
from callvoice.store import tables, vcon
from callvoice.store.core import Store
from callvoice.store.scope import ALL, Scope

Format = Literal["parquet", "csv", "jsonl", "vcon"]
Batches = Iterator[Sequence[Sequence[Any]]]
_ROWS = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(
    store: Store,
    target: Path | IO[bytes],
    *,
    form: Format,
    table: str = "summary",
    scope: Scope = ALL,
) -> int:
    """Write one table, or one vCon container a call into the folder ``target``; how many rows.

    Raises:
        CannotWrite: the target cannot be written; nothing half written is left.
        UnreadableInput: Parquet without pyarrow.
    """
    if form == "vcon":
        if not isinstance(target, Path):
            raise ValueError("vCon containers go to a folder")
        return _vcons(store, target, scope)
    writer = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}[form]
    query = tables.query(table, scope)
    with _whole(target) as file:
        return writer(file, query, _batches(store, query))


def _batches(store: Store, query: Select[Any]) -> Batches:
    with store.reading() as connection:
        rows = connection.execution_options(yield_per=_ROWS).execute(query)
        yield from rows.partitions()


@contextmanager
def _whole(target: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete; a stream as it is."""
    if not isinstance(target, Path):
        yield target
        return
    scratch = target.parent / f".callvoice-{secrets.token_hex(8)}"
    try:
        with scratch.open("xb") as file:  # as open to others as the user's umask lets it be
            yield file
        scratch.replace(target)
    except OSError as error:
        raise CannotWrite(
            f"cannot write {printable(target)}: {error.strerror or error}. Name another place, or"
            " make room."
        ) from error
    finally:
        scratch.unlink(missing_ok=True)


def _names(query: Select[Any]) -> list[str]:
    return [column.name for column in query.selected_columns]


def _csv(file: IO[bytes], query: Select[Any], batches: Batches) -> int:
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(_names(query))
    count = 0
    for rows in batches:
        writer.writerows([_cell(value) for value in row] for row in rows)
        count += len(rows)
    text.detach()
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return _flat(value)


def _flat(value: Any) -> Any:
    """What has a structure as JSON; a moment as ISO 8601 writes it."""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else value


def _jsonl(file: IO[bytes], query: Select[Any], batches: Batches) -> int:
    names, count = _names(query), 0
    for rows in batches:
        lines = (msgspec.json.encode(dict(zip(names, row, strict=True))) for row in rows)
        file.write(b"".join(line + b"\n" for line in lines))
        count += len(rows)
    return count


def _parquet(file: IO[bytes], query: Select[Any], batches: Batches) -> int:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UnreadableInput(
            "Parquet needs pyarrow: pip install 'callvoice[parquet]', or use --format csv."
        ) from error
    schema = pa.schema([(c.name, _arrow(c.type)) for c in query.selected_columns])
    is_text = [field.type == pa.string() for field in schema]
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in batches:
            columns = [
                [_flat(value) for value in column] if text else column
                for column, text in zip(zip(*rows, strict=True), is_text, strict=True)
            ]
            arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            count += len(rows)
    return count


def _arrow(kind: Any) -> Any:
    """The Arrow type of a column."""
    import pyarrow as pa

    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    known: tuple[tuple[type, Callable[[], Any]], ...] = (
        (JSON, pa.string),
        (Boolean, pa.bool_),
        (Integer, pa.int64),
        (Float, pa.float64),
        (Date, pa.date32),
        (DateTime, lambda: pa.timestamp("us", tz="UTC")),
    )
    return next((make() for sql, make in known if isinstance(kind, sql)), pa.string())


def _vcons(store: Store, folder: Path, scope: Scope) -> int:
    query = tables.query("calls", scope)
    names, count = _names(query), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot make {printable(folder)}: {error.strerror}.") from error
    for rows in _batches(store, query):
        for row in rows:
            call = dict(zip(names, row, strict=True))
            report = store.report(call["call_id"])
            if report is not None:
                path = folder / f"{call['call_id']}.vcon.json"
                with _whole(path) as file:
                    file.write(msgspec.json.encode(vcon.container(call, report)))
                count += 1
    return count

"""Columns of metadata: their types, by the values there are, and two tables made one by column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_WHOLE = "-?(0|[1-9][0-9]{0,17})"  # 007 and numbers beyond 64 bits are names
_NUMBER = rf"{_WHOLE}(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_KINDS = (
    (_WHOLE, pa.int64()),
    (_NUMBER, pa.float64()),
    ("(?i:true|false)", pa.bool_()),
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}", pa.date32()),
)


def typed(column: Any) -> Any:
    """Return a column with the type its values have: text that is all numbers becomes numbers.

    So does text that is all truth values (true, false) or dates (2024-01-31).
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind):
        return _cast(column, pa.int64())
    if pa.types.is_floating(kind):
        return _cast(column, pa.float64())
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type) and column.null_count < len(column):
        for pattern, kind in _KINDS:
            if pc.all(_matches(column, pattern)).as_py():
                return _cast(column, kind)
    return column


def _cast(column: Any, kind: pa.DataType) -> Any:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:  # 2024-02-31, an unsigned number beyond 64 bits
        return column


def _matches(column: Any, pattern: str) -> Any:
    return pc.match_substring_regex(column, f"^{pattern}$")


def exception_to_numbers(column: Any) -> str | None:
    """Return a value that is no number, of a column of text most values of which are numbers."""
    if not pa.types.is_string(column.type):
        return None
    are = _matches(column, _NUMBER)
    if 2 * (pc.sum(are).as_py() or 0) <= len(column) - column.null_count:
        return None
    others = column.filter(pc.invert(are))
    return str(others[0]) if len(others) else None


def _as_text(column: Any) -> Any:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two columns with one type that holds both: of numbers and text that is text."""
    kinds = {one.type, other.type}
    if len(kinds) > 1 and kinds <= {pa.int64(), pa.float64()}:
        one, other = _cast(one, pa.float64()), _cast(other, pa.float64())
    return (one, other) if one.type == other.type else (_as_text(one), _as_text(other))


def merged(old: Any, new: Any) -> Any:
    """Return two tables as one: a row of ``new`` replaces what it has columns for.

    The first column of each, of the same name, is the key.
    """
    key = new.column_names[0]
    names = [name.to_pylist() for name in (old[key], new[key])]
    at_old, at_new = ({name: i for i, name in enumerate(one)} for one in names)
    every = list(dict.fromkeys(names[0] + names[1]))
    from_old, from_new = (
        pa.array([at.get(name) for name in every], pa.int64()) for at in (at_old, at_new)
    )
    columns = {key: pa.array(every, pa.string())}
    for name in dict.fromkeys([*old.column_names[1:], *new.column_names[1:]]):
        if name not in new.column_names:
            columns[name] = old[name].take(from_old)
        elif name not in old.column_names:
            columns[name] = new[name].take(from_new)
        else:
            one, other = _alike(typed(old[name]), typed(new[name]))
            whole = pa.chunked_array([*one.chunks, *other.chunks], one.type)
            at = [at_new[n] + len(one) if n in at_new else at_old[n] for n in every]
            columns[name] = typed(whole.take(pa.array(at, pa.int64())))
    return pa.table(columns)

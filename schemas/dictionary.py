"""The data dictionary: the tables' columns as a document for people and as JSON, both from the models.

``python -m schemas.dictionary`` prints ``docs/schema.md``.
"""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any, get_args

import pyarrow as pa

from schemas.arrow import arrow_schema, describe
from schemas.base import Record
from schemas.tables import PARTITIONED, SCHEMA_VERSION, SORT_KEYS, TABLES


def as_document() -> dict[str, Any]:
    """The dictionary as JSON values: table → description, sort key, columns."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tables": {
            name: {
                "description": inspect.getdoc(model),
                "partitioned_by": ["site", "lang"] if name in PARTITIONED else [],
                "sorted_by": list(SORT_KEYS[name]),
                "columns": [_column(field, model) for field in arrow_schema(model)],
            }
            for name, model in TABLES.items()
        },
    }


def as_markdown() -> str:
    """The dictionary as Markdown: ``docs/schema.md``."""
    lines = [
        "# Tables and columns",
        "",
        "Made from the models in `schemas/tables.py` by `make docs`; do not edit.",
        f"Schema version {SCHEMA_VERSION}. `?` after a type: the value may be missing (null).",
        "Offsets and character counts are in Unicode code points, as Python counts.",
        "`works` and `chapters` lie in folders `site=…/lang=…` by the work's archive and language;",
        "the folder names come in as columns `site` and `lang` where the reader takes them.",
        "",
    ]
    for name, model in TABLES.items():
        lines += [f"## {name}", "", inspect.getdoc(model) or "", ""]
        lines += [f"Sorted by {', '.join(f'`{key}`' for key in SORT_KEYS[name])}.", ""]
        lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
        for field in arrow_schema(model):
            column = _column(field, model)
            meaning = column["description"].replace("|", "\\|")
            optional = "?" if column["nullable"] else ""
            lines.append(f"| `{column['name']}` | {column['type']}{optional} | {column['unit'] or ''} | {meaning} |")
            lines += [
                f"| `{column['name']}.{part['name']}` | {part['type']}{'?' if part['nullable'] else ''} "
                f"| {part['unit'] or ''} | {part['description']} |"
                for part in column.get("parts", [])
            ]
        lines.append("")
    return "\n".join(lines)


def _column(field: pa.Field, model: type[Record] | None = None) -> dict[str, Any]:
    description, unit = describe(field)
    column: dict[str, Any] = {
        "name": field.name,
        "type": _type_name(field.type),
        "nullable": field.nullable,
        "unit": unit,
        "description": description,
    }
    element = field.type.value_type if pa.types.is_list(field.type) else field.type
    if pa.types.is_struct(element):
        column["parts"] = [_column(part) for part in element]
    if model and (values := _vocabulary(model.model_fields[field.name].annotation)):
        column["values"] = values
    return column


def _vocabulary(annotation: Any) -> list[str]:
    """Allowed values of a column of a closed vocabulary."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    found: list[str] = []
    for argument in get_args(annotation):
        found += [argument] if isinstance(argument, str) else _vocabulary(argument)
    return found


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "struct"
    return {
        "large_string": "text",
        "double": "float64",
        "date32[day]": "date",
        "timestamp[us, tz=UTC]": "timestamp, UTC",
    }.get(str(kind), str(kind))


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - this is what the module is run for

"""QMF classes of groups without hand-written ones: made from the row in ``hostinfo.groups`` and the model.

The plain fields of a group are the properties of one object. Each list of records is a class of its own, named after
the record; the key in the group's row becomes the object's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hostinfo import introspect
from hostinfo.field_docs import docs_of
from hostinfo.groups import TABLE, Group

from ..qmf import SchemaClass, SchemaProperty
from .property_mapping import PropertyMapping, map_properties, values


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericClass:
    """A class, and the part of a group that its objects are made from."""

    schema: SchemaClass
    mappings: tuple[PropertyMapping, ...]
    field: str | None
    """The list in the group; None: the group itself."""
    key: tuple[str, ...]
    """Fields that identify an item of the list; empty: its position does."""

    def objects(self, value: object) -> Iterator[tuple[str, dict[str, object], str]]:
        """Return the key, the values and the path within the group of each object."""
        if self.field is None:
            yield "node", values(value, self.mappings), ""
            return
        used: set[str] = set()
        for position, item in enumerate(getattr(value, self.field) or ()):
            key = "/".join(str(getattr(item, name)) for name in self.key) or str(position)
            if key in used:
                key += f" {position}"
            used.add(key)
            yield key, values(item, self.mappings), f"{self.field}[{key}]"


def generic_classes(group: str, package: str, common: Sequence[SchemaProperty]) -> Iterator[GenericClass]:
    """Return the classes of a group; each also has the ``common`` properties."""
    row, model = TABLE[group], introspect.group_class(group)
    mappings = map_properties(model, is_statistic=row.is_volatile)
    if mappings:
        yield _create(group, model, mappings, package, common)
    for field, annotation in introspect.fields(model).items():
        item = introspect.model(introspect.item(annotation)) if introspect.item(annotation) is not None else None
        if item is not None:
            yield _create_of_list(row, field, item, package, common)


def _create_of_list(row: Group, field: str, item: type, package: str, common: Sequence[SchemaProperty]) -> GenericClass:
    key = tuple(row.item_keys.get(item.__name__, ()))
    mappings = map_properties(item, index=key, is_statistic=row.is_volatile)
    return _create(item.__name__, item, mappings, package, common, field=field, key=key)


def _create(
    name: str,
    model: type,
    mappings: tuple[PropertyMapping, ...],
    package: str,
    common: Sequence[SchemaProperty],
    *,
    field: str | None = None,
    key: tuple[str, ...] = (),
) -> GenericClass:
    schema = SchemaClass(
        package=package,
        name=name[:1].lower() + name[1:],
        description=docs_of(model)[""],
        properties=(*(mapping.property for mapping in mappings), *common),
    )
    return GenericClass(schema=schema, mappings=mappings, field=field, key=key)

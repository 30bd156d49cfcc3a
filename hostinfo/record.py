"""Frozen classes that behave as dataclasses and take a fraction of the time to make.

``@record`` means ``@dataclass(frozen=True, slots=True, kw_only=True)``: equality, hash, repr, pickling, ``copy``, and
the functions of ``dataclasses`` (``fields``, ``replace``, ``asdict``) give the same results. What records do not
support is refused with a TypeError when the class is made:

- subclasses of a record, and ``__post_init__``;
- a method in place of a generated one, such as ``__eq__``;
- options of ``field`` other than ``default_factory``;
- ``ClassVar`` and ``InitVar``;
- a module without ``from __future__ import annotations``: annotations are kept as text and evaluated by who reads them.

``dataclasses`` imports ``inspect`` and ``re``, then generates and compiles six functions per class. Records share one
function for each method, and nothing is compiled. Three attributes are left to the standard library: the fields, the
signature, and the parameters of the decorator. When one of them is first read, ``dataclasses`` makes the same class,
and the attribute is taken from that. So is the error for a wrong keyword. No dump needs any of them.

Measured: importing all groups of the model takes 13 ms of CPU time with Python's start, and 36 with dataclasses; a
whole dump takes 33 instead of 57 ms, that of a machine with 256 CPUs 67 instead of 92. (Medians of 21 runs in turn,
Python 3.11, virtual machine with 2 CPUs of an AMD EPYC; on Python 3.14 14 and 41, 35 and 65, 68 and 98 ms.)
"""

from __future__ import annotations

TYPE_CHECKING = False  # a constant that type checkers know: importing typing for it would cost 8 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import replace as replace  # noqa: PLC0414 - type checkers know its keywords, and re-export it so
    from typing import Any, NoReturn, TypeVar, dataclass_transform

    T = TypeVar("T")
else:

    def replace(instance: T, /, **changes: Any) -> T:
        """Return a copy of a record with some fields changed, as ``dataclasses.replace`` does."""
        return instance.__replace__(**changes)

    def dataclass_transform(**_: object) -> Callable[[object], object]:
        """Mark nothing: only type checkers need the mark."""
        return lambda decorator: decorator


class _Factory:
    """Makes the default of a field, once per instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Declare a field whose default is made once per instance, as ``dataclasses.field`` does."""
    return _Factory(default_factory)  # type: ignore[return-value]  # in the class body; instances hold a T


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[T], /) -> type[T]:
    """Return the class as a record: frozen, with slots, its fields given by keyword."""
    fields = _fields(cls)
    body = cls.__dict__
    if clashes := body.keys() & _RESERVED:
        raise TypeError(f"{cls.__qualname__}: a record cannot define {', '.join(sorted(clashes))}")
    defaults = {name: body[name] for name in fields if name in body}
    for name, default in defaults.items():
        if type(default).__hash__ is None:  # the test and the message of dataclasses
            raise ValueError(f"mutable default {type(default)} for field {name} is not allowed: use default_factory")
    namespace = {name: value for name, value in body.items() if name not in defaults and name not in _REMOVED}
    standard = _Standard(cls, defaults)
    namespace |= _METHODS | {name: _FromStandard(standard, name) for name in _FROM_STANDARD}
    namespace |= {"__slots__": tuple(fields), "__match_args__": (), "__record_fields__": fields}
    made: Any = type(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    made.__init__ = _make_init(made, defaults, standard)
    return made  # type: ignore[no-any-return]


def is_record(cls: type) -> bool:
    """Whether a class is a record."""
    return hasattr(cls, "__record_fields__")


def record_fields(cls: type) -> Mapping[str, str]:
    """Field -> annotation as source text, in the order of the class."""
    fields: Mapping[str, str] = cls.__record_fields__  # type: ignore[attr-defined]
    return fields


def _fields(cls: type) -> dict[str, str]:
    annotations: dict[str, Any] = cls.__annotations__ if "__annotations__" in cls.__dict__ else {}
    for name, annotation in annotations.items():
        if not isinstance(annotation, str):
            raise TypeError(f"{cls.__qualname__}.{name}: its module needs from __future__ import annotations")
        if annotation.partition("[")[0].rpartition(".")[2] in ("ClassVar", "InitVar"):
            raise TypeError(f"{cls.__qualname__}.{name}: a record cannot have a {annotation}")
    return annotations


def _make_init(cls: type, defaults: dict[str, Any], standard: _Standard) -> Callable[..., None]:
    setters = {name: cls.__dict__[name].__set__ for name in cls.__slots__}  # type: ignore[attr-defined]
    factories = {name: default.make for name, default in defaults.items() if isinstance(default, _Factory)}
    constants = {name: default for name, default in defaults.items() if name not in factories}
    count = len(setters)

    def __init__(self: object, /, **values: object) -> None:  # noqa: N807 - it becomes that of the class
        for name, make in factories.items():
            if name not in values:
                values[name] = make()
        complete = constants | values
        if len(complete) == count:
            try:
                for name, value in complete.items():
                    setters[name](self, value)
            except KeyError:
                pass
            else:
                return
        standard.make()(**values)  # raises the TypeError of dataclasses: a name is missing or unknown

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    __init__.__module__ = cls.__module__
    return __init__


class _Standard:
    """The same class as ``dataclasses`` makes it."""

    __slots__ = ("_cls", "_defaults", "_made")

    def __init__(self, cls: type, defaults: dict[str, Any]) -> None:
        self._cls = cls
        self._defaults = defaults
        self._made: Any = None

    def make(self) -> Any:
        """Return the class; it is made on the first call."""
        if self._made is None:
            import dataclasses

            for name, default in self._defaults.items():
                if isinstance(default, _Factory):
                    setattr(self._cls, name, dataclasses.field(default_factory=default.make))
            self._made = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(self._cls)
        return self._made


class _FromStandard:
    """An attribute of the class that is taken from the standard dataclass when it is first read."""

    __slots__ = ("_name", "_standard")

    def __init__(self, standard: _Standard, name: str) -> None:
        self._standard = standard
        self._name = name

    def __get__(self, instance: object, owner: type) -> object:
        value = _FROM_STANDARD[self._name](self._standard.make())
        setattr(owner, self._name, value)
        return value


def _signature(cls: type) -> object:
    import inspect

    return inspect.signature(cls)


_FROM_STANDARD: dict[str, Callable[[Any], object]] = {
    "__dataclass_fields__": lambda cls: cls.__dataclass_fields__,
    "__dataclass_params__": lambda cls: cls.__dataclass_params__,
    "__signature__": _signature,
}


def _values(self: Any) -> tuple[object, ...]:
    return tuple([getattr(self, name) for name in self.__slots__])


def _repr(self: Any) -> str:
    shown = [f"{name}={getattr(self, name)!r}" for name in self.__slots__]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: object, other: object) -> bool:
    if type(other) is not type(self):
        return NotImplemented  # type: ignore[no-any-return]
    return self is other or bool(_values(self) == _values(other))


def _hash(self: object) -> int:
    return hash(_values(self))


def _replace(self: Any, /, **changes: object) -> object:
    for name in self.__slots__:
        if name not in changes:
            changes[name] = getattr(self, name)
    return type(self)(**changes)


def _getstate(self: object) -> list[object]:
    return list(_values(self))


def _setstate(self: Any, state: list[object]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


def _setattr(self: object, name: str, value: object) -> NoReturn:
    del self, value
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> NoReturn:
    del self
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _init_subclass(cls: type) -> NoReturn:
    raise TypeError(f"{cls.__qualname__}: a record cannot have subclasses")


_METHODS: dict[str, Any] = {
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__getstate__": _getstate,
    "__hash__": _hash,
    "__init_subclass__": classmethod(_init_subclass),
    "__replace__": _replace,
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__setstate__": _setstate,
}
_RESERVED = frozenset({*_METHODS, "__init__", "__match_args__", "__post_init__", "__slots__"})
_REMOVED = frozenset({"__dict__", "__weakref__"})
"""What a class without slots has for its instances."""

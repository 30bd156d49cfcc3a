"""The model's classes at a fraction of their price: dataclasses without the code that it writes for each of them.

dataclasses writes and compiles six functions for a frozen class; at the model's some fifty classes that is more than
all else that a dump of a small host does. Here the classes share functions that do what those do. A class of which
many instances are made gets its own ``__init__`` after all, written by dataclasses.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MANY = 64
"""Instances after which an ``__init__`` of its own, which takes about a millisecond to compile, pays."""
_FORM = {"frozen": True, "slots": True, "kw_only": True}
"""How the model's classes are declared; others are left to dataclasses."""


def generate_less(dataclasses: "Any") -> None:
    """Make ``dataclasses.dataclass`` share what it can between frozen classes."""
    original = dataclasses.dataclass
    shared = _SHARED | {name: _refuse(dataclasses, verb) for name, verb in _VERBS.items()}

    def dataclass(cls: "Any" = None, /, **how: "Any") -> "Any":
        if cls is None:
            return lambda it: dataclass(it, **how)
        bases = (base for base in cls.__mro__[1:] if "__dataclass_fields__" in base.__dict__)
        # A class of ours is not frozen in the eyes of dataclasses, which lets none inherit from both kinds.
        is_child = all(base.__dict__.get("__signature__") is _SIGNATURE for base in bases)
        is_plain = how == _FORM and not hasattr(cls, "__post_init__") and is_child
        if not is_plain or not cls.__dict__.keys().isdisjoint([*shared, "__init__"]):
            return original(cls, **how)
        for name, function in shared.items():
            setattr(cls, name, function)
        made = original(cls, slots=True, kw_only=True, init=False, repr=False, eq=False)
        made.__init__ = _Init(made, dataclasses).function()
        made.__signature__ = _SIGNATURE
        return made

    dataclasses.dataclass = dataclass


class _Init:
    """The ``__init__`` of one class: by a loop over its fields at first, by compiled code when it is called often."""

    __slots__ = ("calls", "cls", "dataclasses", "plan")

    def __init__(self, cls: "Any", dataclasses: "Any") -> None:
        self.cls = cls
        self.dataclasses = dataclasses
        self.calls = 0
        self.plan: list[tuple[str, Any, Any, Any]] = []

    def function(self) -> "Any":
        def init(instance: "Any", /, *values: "Any", **given: "Any") -> None:
            if values or not self.put(instance, given):
                written_init(self.cls, self.dataclasses)(instance, *values, **given)

        init.__name__, init.__qualname__ = "__init__", f"{self.cls.__qualname__}.__init__"
        return init

    def put(self, instance: "Any", given: "dict[str, Any]") -> bool:
        """Set the fields; False where compiled code is to do that, or to complain."""
        self.calls += 1
        if self.calls > _MANY:
            return False
        if not self.plan:
            self.plan = [
                (name, getattr(self.cls, name).__set__, field.default, field.default_factory)
                for name, field in self.cls.__dataclass_fields__.items()
            ]
        missing, used = self.dataclasses.MISSING, 0
        for name, put, default, factory in self.plan:
            if name in given:
                put(instance, given[name])
                used += 1
            elif default is not missing:
                put(instance, default)
            elif factory is not missing:
                put(instance, factory())
            else:
                return False
        return used == len(given)


def written_init(cls: "Any", dataclasses: "Any") -> "Any":
    """An ``__init__`` in which the fields stand one by one; the class keeps it from now on.

    While its fields are put in, an instance is one of a class that differs in being open: what dataclasses writes for
    a frozen one, ``object.__setattr__`` for each field, takes ten times as long.
    """
    arguments, made, puts = [], "", ""
    # Names with an underscore, which no field has: one is named `type`.
    known: dict[str, Any] = {
        "_missing": dataclasses.MISSING,
        "_type": type,
        "_frozen": cls,
        "_open": type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__}),
        "_become": object.__dict__["__class__"].__set__,
        "_put": _put,
        "_values": locals,
    }
    for name, field in cls.__dataclass_fields__.items():
        default = ""
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"], default = field.default, f"=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"], default = field.default_factory, "=_missing"
            made += f"    if {name} is _missing: {name} = _make_{name}()\n"
        arguments.append(name + default)
        puts += f"    self.{name} = {name}\n"
    text = f"""\
def __init__(self, *, {", ".join(arguments)}):
{made}
    if _type(self) is not _frozen:
        return _put(self, _values())
    _become(self, _open)
{puts}
    _become(self, _frozen)
"""
    exec(text, known)  # noqa: S102 - names of our fields
    init: Any = known["__init__"]
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    cls.__init__ = init
    return init


def _put(instance: "Any", values: "dict[str, Any]") -> None:
    """The fields of an instance of a subclass, whose memory is laid out otherwise."""
    for name in instance.__dataclass_fields__:
        if name in values:
            object.__setattr__(instance, name, values[name])


class _Signature:
    """What ``inspect.signature`` tells of a class."""

    def __get__(self, instance: object, cls: "Any") -> object:
        import dataclasses
        import inspect

        fields = [(name, field.type, field) for name, field in cls.__dataclass_fields__.items()]
        model = dataclasses.make_dataclass(cls.__name__, fields, frozen=True, kw_only=True)
        whole = inspect.signature(model.__dict__["__init__"])
        return whole.replace(parameters=list(whole.parameters.values())[1:])


_SIGNATURE = _Signature()


def _refuse(dataclasses: "Any", verb: str) -> "Any":
    """``__setattr__`` and ``__delattr__`` of frozen classes."""
    otherwise = object.__setattr__ if verb == "assign to" else object.__delattr__

    def refuse(self: "Any", name: str, *value: "Any") -> None:
        if "__dataclass_fields__" in type(self).__dict__ or name in self.__dataclass_fields__:
            raise dataclasses.FrozenInstanceError(f"cannot {verb} field {name!r}")
        otherwise(self, name, *value)  # a subclass may have attributes beside the fields

    return refuse


def _repr(self: "Any") -> str:
    fields = (f"{name}={getattr(self, name)!r}" for name, field in self.__dataclass_fields__.items() if field.repr)
    return f"{type(self).__qualname__}({', '.join(fields)})"


def _eq(self: "Any", other: "Any") -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    names = [name for name, field in self.__dataclass_fields__.items() if field.compare]
    return bool(all(getattr(self, name) == getattr(other, name) for name in names))


def _hash(self: "Any") -> int:
    names = [name for name, field in self.__dataclass_fields__.items() if field.compare]
    return hash(tuple(getattr(self, name) for name in names))


def _getstate(self: "Any") -> "list[Any]":
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _setstate(self: "Any", state: "list[Any]") -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)


_SHARED: "dict[str, Any]" = {
    "__repr__": _repr, "__eq__": _eq, "__hash__": _hash, "__getstate__": _getstate, "__setstate__": _setstate,
}  # fmt: skip
_VERBS = {"__setattr__": "assign to", "__delattr__": "delete"}

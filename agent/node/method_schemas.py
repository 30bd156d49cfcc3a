"""The schemas of the methods of ovirtNode."""

from ..qmf import DataType, Direction, SchemaMethod, SchemaProperty

MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 1, 3600


def _argument(
    name: str, data_type: DataType, direction: Direction, description: str = "", *, unit: str = "", xml_type: str = ""
) -> SchemaProperty:
    return SchemaProperty(
        name=name, type=data_type, direction=direction, description=description, unit=unit, xml_type=xml_type
    )


def _method(name: str, description: str, *arguments: SchemaProperty) -> SchemaMethod:
    return SchemaMethod(name=name, description=description, arguments=arguments)


_IN, _OUT, _BOTH = Direction.I, Direction.O, Direction.IO
METHODS = (
    _method("refresh", "Reads all facts now; returns when all have been read."),
    _method(
        "echo",
        "Returns its arguments.",
        _argument("sequence", DataType.INT, _BOTH, xml_type="uint32"),
        _argument("body", DataType.STRING, _BOTH),
    ),
    _method(
        "getFact",
        "Reads one fact now; takes any path accepted by `hostinfo dump`.",
        _argument("path", DataType.STRING, _IN, "Path of the fact, such as cpu.model_name."),
        _argument("value", DataType.STRING, _OUT, "The value as JSON; null: absent."),
        _argument("source", DataType.STRING, _OUT, "File or call that the value was read from."),
        _argument("errors", DataType.MAP, _OUT, "Path -> reason why it could not be read."),
    ),
    _method(
        "setUpdateInterval",
        "Sets the interval of reading and publishing statistics, until the agent stops or reloads its configuration.",
        _argument(
            "interval",
            DataType.INT,
            _IN,
            f"The interval, {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS}.",
            unit="s",
            xml_type="uint32",
        ),
    ),
)

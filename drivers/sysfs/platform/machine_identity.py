"""The identity of the machine as its firmware describes it: manufacturer, product, serial, board, chassis, firmware."""

from __future__ import annotations

from hostinfo.model.system import Bios, Board, Chassis

from ...sources.smbios.text import clean, clean_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.errors import DriverError

    from ...sources.field_reader import FieldReader


class MachineIdentity(dict[str, str]):
    """Text by field name (``serial``, ``board.serial``); fields that the firmware does not fill in are missing."""

    uuid_error: DriverError | None = None
    """Why the UUID, which exists, could not be read."""

    def set_text(self, reader: FieldReader, field: str, text: str | None, source: str) -> None:
        """Store a text with its source if the field is requested and the text is no placeholder."""
        is_number = field.endswith(("serial", "asset_tag"))
        text = clean_number(text or "") if is_number else clean(text or "")
        if text is not None and reader.builder.needs(field.partition(".")[0]):
            self[field] = text
            reader.builder.record_source(source, field)

    def board(self) -> Board | None:
        """Return the mainboard; None: not described."""
        found = Board(
            manufacturer=self.get("board.manufacturer"),
            product=self.get("board.product"),
            version=self.get("board.version"),
            serial=self.get("board.serial"),
            asset_tag=self.get("board.asset_tag"),
        )
        return found if found != Board() else None

    def chassis(self) -> Chassis | None:
        """Return the chassis; None: not described."""
        found = Chassis(
            type=self.get("chassis.type"),
            manufacturer=self.get("chassis.manufacturer"),
            version=self.get("chassis.version"),
            serial=self.get("chassis.serial"),
            asset_tag=self.get("chassis.asset_tag"),
        )
        return found if found != Chassis() else None

    def bios(self) -> Bios | None:
        """Return the firmware; None: not described."""
        date = self.get("bios.release_date")
        found = Bios(
            vendor=self.get("bios.vendor"),
            version=self.get("bios.version"),
            release_date=iso_date(date) if date is not None else None,
        )
        return found if found != Bios() else None


def iso_date(text: str) -> str:
    """Return SMBIOS' mm/dd/yyyy or mm/dd/yy in ISO 8601; any other text unchanged.

    No firmware is older than SMBIOS 1.0 of 1996: years up to 95 are those of this century, as in the kernel's
    dmi_get_date().
    """
    parts = text.split("/")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        return text
    month, day, year = parts
    if len(year) == 2:
        year = f"19{year}" if year >= "96" else f"20{year}"
    if len(year) != 4 or not 1 <= int(month[:3]) <= 12 or not 1 <= int(day[:3]) <= 31:
        return text
    return f"{year}-{int(month[:3]):02d}-{int(day[:3]):02d}"

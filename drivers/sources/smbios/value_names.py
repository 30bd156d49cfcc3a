"""Names of the enumerations in DSP0134; the codes for "other" and "unknown" are None."""

# 7.4.1, from code 3
_CHASSIS = (
    "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower", "Portable", "Laptop", "Notebook", "Hand Held",
    "Docking Station", "All in One", "Sub Notebook", "Space-saving", "Lunch Box", "Main Server Chassis",
    "Expansion Chassis", "SubChassis", "Bus Expansion Chassis", "Peripheral Chassis", "RAID Chassis",
    "Rack Mount Chassis", "Sealed-case PC", "Multi-system Chassis", "Compact PCI", "Advanced TCA", "Blade",
    "Blade Enclosure", "Tablet", "Convertible", "Detachable", "IoT Gateway", "Embedded PC", "Mini PC", "Stick PC",
)  # fmt: skip
# 7.17.3, from code 3
_ERROR_CORRECTION = ("None", "Parity", "Single-bit ECC", "Multi-bit ECC", "CRC")
# 7.18.1, from code 3
_FORM_FACTORS = (
    "SIMM", "SIP", "Chip", "DIP", "ZIP", "Proprietary Card", "DIMM", "TSOP", "Row of chips", "RIMM", "SODIMM", "SRIMM",
    "FB-DIMM", "Die", "CAMM",
)  # fmt: skip
# 7.18.2, from code 3
_MEMORY_TYPES = (
    "DRAM", "EDRAM", "VRAM", "SRAM", "RAM", "ROM", "Flash", "EEPROM", "FEPROM", "EPROM", "CDRAM", "3DRAM", "SDRAM",
    "SGRAM", "RDRAM", "DDR", "DDR2", "DDR2 FB-DIMM", None, None, None, "DDR3", "FBD2", "DDR4", "LPDDR", "LPDDR2",
    "LPDDR3", "LPDDR4", "Logical non-volatile device", "HBM", "HBM2", "DDR5", "LPDDR5", "HBM3",
)  # fmt: skip
# 7.18.6, from code 3
_TECHNOLOGIES = ("DRAM", "NVDIMM-N", "NVDIMM-F", "NVDIMM-P", "Intel Optane persistent memory")
PERSISTENT = frozenset(_TECHNOLOGIES[1:5])
LOGICAL_NON_VOLATILE = "Logical non-volatile device"
# 7.8.4, from code 3: the names that the kernel uses for cache types
_CACHE_TYPES = ("Instruction", "Data", "Unified")
# 7.8.5: ways; code 6 is fully associative, which is no number of ways by itself
_CACHE_WAYS = {3: 1, 4: 2, 5: 4, 7: 8, 8: 16, 9: 12, 10: 24, 11: 32, 12: 48, 13: 64, 14: 20}


def chassis_type(code: int | None) -> str | None:
    """Return the chassis type; the highest bit of the code is the chassis lock."""
    return _name(_CHASSIS, None if code is None else code & 0x7F)


def error_correction(code: int | None) -> str | None:
    """Return the error correction of a memory array."""
    return _name(_ERROR_CORRECTION, code)


def form_factor(code: int | None) -> str | None:
    """Return the form factor of a memory device."""
    return _name(_FORM_FACTORS, code)


def memory_type(code: int | None) -> str | None:
    """Return the type of a memory device, such as DDR4."""
    return _name(_MEMORY_TYPES, code)


def memory_technology(code: int | None) -> str | None:
    """Return the technology of a memory device, which distinguishes persistent memory."""
    return _name(_TECHNOLOGIES, code)


def cache_type(code: int | None) -> str | None:
    """Return the type of a cache."""
    return _name(_CACHE_TYPES, code)


def cache_ways(code: int | None) -> int | None:
    """Return the associativity of a cache."""
    return None if code is None else _CACHE_WAYS.get(code)


def _name(names: tuple[str | None, ...], code: int | None) -> str | None:
    return names[code - 3] if code is not None and 3 <= code < len(names) + 3 else None

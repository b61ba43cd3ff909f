"""Rules for single fields of a request, as a provider has them."""

from dataclasses import dataclass
from typing import Final

from shared.domain.sizes import PixelLimits, plainly, written

INTEGERS: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One optional field: what it is called on the wire, and what it may hold.

    Where a request says nothing, `default` is sent, or else `implied` is what the provider takes.
    """

    wire: str
    values: tuple[str, ...] = ()
    integer: bool = False
    boolean: bool = False
    pixels: PixelLimits | None = None
    default: str | None = None
    implied: str | bool | None = None

    def complaint(self, value: object) -> str | None:
        """Return what is wrong with the value, or None. How large a size is, is not looked at."""
        if self.integer:
            is_good = type(value) is int and value in INTEGERS
            return None if is_good else "must be an integer of at most 64 bits"
        if self.boolean:
            return None if type(value) is bool else "must be true or false"
        if isinstance(value, str) and plainly(value) in self.values:
            return None
        if self.pixels is None:
            return f"must be one of {', '.join(self.values)}"
        if written(str(value)):
            return None
        return f"must be {', '.join(self.values)} or WIDTHxHEIGHT"

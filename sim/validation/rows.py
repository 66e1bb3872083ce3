"""What one line of the validation is: a value of ours, a published one, and whether the two agree."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """`band` is what the ratio value / reference may be; None: only shown. `level`: measured, code or calculated."""

    case: str
    what: str
    value: float
    reference: float
    unit: str
    band: tuple[float, float] | None
    level: str
    source: str

    @property
    def ratio(self) -> float:
        """Our value over the published one."""
        return self.value / self.reference

    @property
    def verdict(self) -> str:
        """Say ok or MISS, or - for a row without a band."""
        if self.band is None:
            return "-"
        return "ok" if self.band[0] <= self.ratio <= self.band[1] else "MISS"

    def as_object(self) -> dict[str, Any]:
        """Return the row for a machine."""
        return {
            "case": self.case,
            "what": self.what,
            "value": self.value,
            "reference": self.reference,
            "unit": self.unit,
            "ratio": self.ratio,
            "band": list(self.band) if self.band else None,
            "verdict": self.verdict,
            "level": self.level,
            "source": self.source,
        }


def within(share: float) -> tuple[float, float]:
    """Band of plus or minus a share."""
    return 1.0 - share, 1.0 + share

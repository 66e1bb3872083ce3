"""Bit timing of a CAN controller, and how far two of them may be apart before they cannot read each other.

Rules: Hartwich and Bassemir, "The Configuration of the CAN Bit Timing" (6th international CAN Conference, 1999).
"""

from typing import Final, NamedTuple


class BitTiming(NamedTuple):
    """One bit in time quanta: 1 (synchronisation) + tseg1, the sample point, tseg2. sjw: what an edge may correct."""

    tseg1: int
    tseg2: int
    sjw: int

    def tolerance_ppm(self) -> int:
        """Return how far each of two oscillators may be off, in ppm of its frequency.

        Edges to synchronise on are at most 10 bits apart (stuffing), and what has piled up by then must be within one
        sjw; after an error flag, 13 bits must pass before the drift reaches the edge of the phase segment.
        """
        quanta = 1 + self.tseg1 + self.tseg2
        phase = min(self.tseg1, self.tseg2)
        return min(
            1_000_000 * self.sjw // (20 * quanta),
            1_000_000 * phase // (2 * (13 * quanta - self.tseg2)),
        )


# What MicroPython's machine.CAN makes of its defaults (sample point 75 %, sjw 1) with a 42 MHz peripheral clock:
# 12 quanta at 500 and at 250 kbit/s.
BOARD_TIMING: Final = BitTiming(tseg1=8, tseg2=3, sjw=1)
# Two clocks of that timing may differ by twice what each may be off.
APART_MAX_PPM: Final = 2 * BOARD_TIMING.tolerance_ppm()

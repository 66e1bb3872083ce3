"""Places by number: the line nodes in the order of their chain, and the kinds of what lies beyond an edge link."""

from __future__ import annotations

STUB, HOSE, NOZZLE, RCPT, RETURN = range(5)
SUPPLY, TANK, STACK, HELIUM, RECOVERY, AMBIENT, ULLAGE = range(7)
FAR_NAMES = ("supply", "tank", "stack", "helium", "recovery", "ambient", "ullage")

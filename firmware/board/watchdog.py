"""The hardware watchdog: 500 ms without a fed control tick and the board resets with every output dead."""

from machine import WDT, reset_cause

TIMEOUT_MS = 500

# Reset causes as the rest of the firmware names them.
POWER_ON, PIN, WATCHDOG, SOFT = 0, 1, 2, 3


def start():
    """Start the watchdog (it cannot be stopped) and return the object whose `feed()` ends every tick."""
    return WDT(timeout=TIMEOUT_MS)


def cause():
    """Return why the board came up: POWER_ON, PIN, WATCHDOG or SOFT."""
    return reset_cause()

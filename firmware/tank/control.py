"""What moves inside a tank state: return gas in a fill, the tank vent near relief."""

from micropython import const

from generated import tank_tags as t
from tank import state_table

MOVED = const(2)
SCAN_TICKS = const(5)


class Control:
    """Fills the gate's wants from the state's row and moves what the row leaves to control (C)."""

    def __init__(self, gate, station, inventory, params):
        self._gate = gate
        self._station = station
        self._inventory = inventory
        self._params = params
        code = {"-": 0, "O": 1, "C": MOVED}
        do_tags = state_table.OUTPUTS[:10]
        columns = [state_table.OUTPUTS.index(tag) for tag in do_tags]
        cells = [[code[x] for x in row[2].split()] for row in state_table.STATES]
        self._wants = [bytes([row[c] for c in columns]) for row in cells]
        self._state = -1
        self._returning = 0
        self._venting = 0

    def update(self, tick, state):
        """Set every want: at once in a new state, every 50 ms within one."""
        if state == self._state and tick % SCAN_TICKS:
            return
        want = self._gate.want
        row = self._wants[state]
        if state != self._state:
            self._state = state
            for i in range(len(want)):
                want[i] = row[i]
        params, inventory = self._params, self._inventory
        if row[t.XV202] == MOVED:
            p = inventory.pressure_mbar
            if p >= params.get("return_open_mbar"):
                self._returning = 1
            elif p <= params.get("return_shut_mbar"):
                self._returning = 0
            want[t.XV202] = self._returning if self._station.takes_gas() else 0
        else:
            self._returning = 0
        if row[t.XV209] == MOVED:
            cpct = inventory.pressure_cpct
            if cpct >= params.get("vent_open_cpct"):
                self._venting = 1
            elif cpct <= params.get("vent_shut_cpct"):
                self._venting = 0
            want[t.XV209] = self._venting
        else:
            self._venting = 0

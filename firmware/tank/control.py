"""What moves inside a tank state: return gas in a fill, the tank vent near relief."""

from micropython import const

from generated import tank_params as p
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
        # Wants of each state in DO order (0, 1, MOVED), one state behind the other; those of AO are none of control's.
        cells = [row[2].split()[: t.N_DO] for row in state_table.STATES]
        self._wants = bytes(["-OC".index(cell) for row in cells for cell in row])
        self._state = -1
        self._returning = 0
        self._venting = 0

    def update(self, tick, state):
        """Set every want: at once in a new state, every 50 ms within one."""
        if state == self._state and tick % SCAN_TICKS:
            return
        want = self._gate.want
        wants, row = self._wants, t.N_DO * state
        if state != self._state:
            self._state = state
            for i in range(len(want)):
                want[i] = wants[row + i]
        params, inventory = self._params, self._inventory
        if wants[row + t.XV202] == MOVED:
            mbar = inventory.pressure_mbar
            if mbar >= params.get(p.RETURN_OPEN_MBAR):
                self._returning = 1
            elif mbar <= params.get(p.RETURN_SHUT_MBAR):
                self._returning = 0
            want[t.XV202] = self._returning if self._station.takes_gas() else 0
        else:
            self._returning = 0
        if wants[row + t.XV209] == MOVED:
            cpct = inventory.pressure_cpct
            if cpct >= params.get(p.VENT_OPEN_CPCT):
                self._venting = 1
            elif cpct <= params.get(p.VENT_SHUT_CPCT):
                self._venting = 0
            want[t.XV209] = self._venting
        else:
            self._venting = 0

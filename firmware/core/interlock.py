"""The one gate between what is asked and what is energised.

A row of INTERLOCKS is (OUTPUT, NEEDS, OR_NEEDS, WHY): the output may leave its safe position only while
every permissive named in NEEDS, or every one in OR_NEEDS, holds. What asks for it does not matter. An
output without a row needs nothing. With `dead` every output is de-energised.
"""

from core.rows import column


class Gate:
    """Turns wanted positions into energised levels; the last step before the pins. No allocation.

    `want[i]` is 1 when output i (order of DO) is wanted out of its resting "closed/off" position: open for a
    valve, released for the lock, on for the rest. `want_ao[i]` is 0..10000 cpct.
    """

    def __init__(self, io, table):
        outputs = column(io.DO, 0)
        analogs = column(io.AO, 0)
        # A device that is safe when "open" is energised to close it.
        self._invert = bytearray(len(outputs))
        for i, row in enumerate(io.DO):
            self._invert[i] = row[2] == "open" and row[0].startswith("XV")
        self.want = bytearray(len(outputs))
        self.want_ao = [0] * len(analogs)
        self._do_a = [0] * len(outputs)
        self._do_b = [-1] * len(outputs)
        ao_a = [0] * len(analogs)
        ao_b = [-1] * len(analogs)
        for tag, needs, or_needs, _ in table.INTERLOCKS:
            a = self._mask(needs, table.PERMISSIVES)
            b = self._mask(or_needs, table.PERMISSIVES) if or_needs else -1
            if tag in outputs:
                self._do_a[outputs.index(tag)] = a
                self._do_b[outputs.index(tag)] = b
            else:
                ao_a[analogs.index(tag)] = a
                ao_b[analogs.index(tag)] = b
        self._ao_needs = tuple(zip(range(len(analogs)), ao_a, ao_b))
        self._judged_ao = [-1] * len(analogs)
        self.refused = 0  # bit per DO row that is wanted but not permitted
        self._judged = bytearray(len(outputs))  # the wants that `do` was last decided for
        self._key = -1

    @staticmethod
    def _mask(needs, permissives):
        mask = 0
        for name in needs.split():
            mask |= 1 << permissives.index(name)
        return mask

    def lacking(self, place, permissives):
        """Return the bits of NEEDS that output `place` (DO, then AO) lacks to leave its safe position; 0: it may."""
        n = len(self._do_a)
        if place < n:
            a, b = self._do_a[place], self._do_b[place]
        else:
            _, a, b = self._ao_needs[place - n]
        return 0 if b >= 0 and permissives & b == b else a & ~permissives

    def apply(self, permissives, dead, do, ao):
        """Write the energised levels into `do` (0/1) and `ao` (cpct); return False when they stay as they were."""
        want, judged = self.want, self._judged
        key = permissives << 1 | 1 if dead else permissives << 1
        if key == self._key and want == judged and self.want_ao == self._judged_ao:
            return False  # nothing that they rest on has changed since the last decision
        self._key = key
        for i, need_a, need_b in self._ao_needs:
            allowed = permissives & need_a == need_a or (need_b >= 0 and permissives & need_b == need_b)
            self._judged_ao[i] = self.want_ao[i]
            ao[i] = self.want_ao[i] if allowed and not dead else 0
        invert = self._invert
        a, b = self._do_a, self._do_b
        refused = 0
        for i in range(len(do)):
            judged[i] = want[i]
            if dead:
                do[i] = 0
            elif want[i] and (permissives & a[i] == a[i] or (b[i] >= 0 and permissives & b[i] == b[i])):
                do[i] = 1 - invert[i]
            else:
                do[i] = invert[i]
                if want[i]:
                    refused |= 1 << i
        self.refused = refused
        return True

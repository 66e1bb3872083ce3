"""Parameters: the values a commissioning engineer may set, from a node's literal table.

A row of PARAMS is (NAME, DEFAULT, MIN, MAX, UNIT, STATUS, WHAT); STATUS says where the default comes from
("assumed" ones are shown as assumed on tickets and in the docs).
"""


class Params:
    """Current values by name; `values` to read them without a call. `set` is for the slack."""

    def __init__(self, table):
        self._rows = {row[0]: row for row in table.PARAMS}
        self.values = {row[0]: row[1] for row in table.PARAMS}

    def get(self, name):
        """Return a value; KeyError for an unknown name."""
        return self.values[name]

    def set(self, name, value):
        """Set a value; return "" or the reason why it was refused (and nothing changed)."""
        row = self._rows.get(name)
        if row is None:
            return "no parameter " + name
        if not row[2] <= value <= row[3]:
            return "%s must be %d..%d %s" % (name, row[2], row[3], row[4])
        self.values[name] = value
        return ""

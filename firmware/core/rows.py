"""Tables that stay in ROM. In an image the large tables of the tree are text, a line of JSON each row, put there by the
build (`host_tools.image_tables`): a tuple would take a board's heap for every cell of it, text takes none.

A row is made anew whenever it is asked for, as a list. So whoever goes through a table more than once, or needs it
later, keeps what he needs of it; nobody asks in the tick; and whoever asks in the slack goes through a few rows at a
time: each of them is some microseconds and 200 bytes of garbage.
"""

import json


class Rows:
    """A tuple of rows: to go through, count and index."""

    def __init__(self, text):
        self._text = text

    def __iter__(self):
        text, at = self._text, 0
        while at < len(text):
            end = text.find(b"\n", at)
            yield json.loads(text[at:end])
            at = end + 1

    def __len__(self):
        return self._text.count(b"\n")

    def place(self, key):
        """Return the number of the row that begins with a text, made of none of them; -1: there is none."""
        head = b'["%s",' % key.encode()
        if self._text.startswith(head):
            return 0
        at = self._text.find(b"\n" + head)
        return self._text.count(b"\n", 0, at + 1) if at >= 0 else -1

    def __getitem__(self, i):
        """Return row i; 0 <= i < len, as is for the caller to know."""
        text, at = self._text, 0
        for _ in range(i):
            at = text.find(b"\n", at) + 1
        return json.loads(text[at : text.find(b"\n", at)])


def place(table, key):
    """Return the number of the row that begins with a text, of Rows or of a tuple; -1: there is none."""
    if isinstance(table, Rows):
        return table.place(key)
    for i, row in enumerate(table):
        if row[0] == key:
            return i
    return -1


class Groups:
    """A dictionary of names: a row each, its key first."""

    def __init__(self, text):
        self._rows = Rows(text)

    def get(self, key, default=None):
        """Return what stands under a name."""
        for row in self._rows:
            if row[0] == key:
                return row[1]
        return default


def column(rows, i):
    """Return cell i of every row, as a list. Here, because each function with a comprehension of its own takes heap."""
    return [row[i] for row in rows]


def picked(names, bits):
    """Return the names whose bits are set, bit 0 that of the first."""
    return [name for i, name in enumerate(names) if bits >> i & 1]

"""Challenge and response at connect: each side draws a nonce, and proves with both nonces that it has the key.

Nonces and responses travel in PIECES frames of three bytes, sent in turn: byte 4 the number of the piece, bytes 5-7 its
bytes. A side asks until the peer has proved itself, and answers until the peer's first tag shows that its answer came,
also a peer that it has refused: so both sides know. The tick fills and takes frames; drawing a nonce, deriving and
comparing are for the slack.
"""

from micropython import const

from core import auth

IDLE, ASKING, ANSWERING, PROVED, REFUSED = const(0), const(1), const(2), const(3), const(4)

PIECES = const(3)
PIECE_BYTES = const(3)
WRONG_MAX = const(3)  # whole responses that were wrong
_ALL = const(7)
_SESSION, _PIECE, _BYTES = const(3), const(4), const(5)


class _Incoming:
    """A string of the peer's, put together from its pieces."""

    def __init__(self):
        self.data = bytearray(PIECES * PIECE_BYTES)
        self.have = 0

    def take(self, frame):
        """Put a piece where it belongs; tick."""
        piece = frame[_PIECE]
        if piece >= PIECES:
            return
        at = piece * PIECE_BYTES
        data = self.data
        for i in range(PIECE_BYTES):
            data[at + i] = frame[_BYTES + i]
        self.have |= 1 << piece


class _Outgoing:
    """A string of ours, sent piece after piece, again and again."""

    def __init__(self):
        self.data = bytearray(PIECES * PIECE_BYTES)
        self._next = 0

    def fill(self, buf, session):
        """Fill bytes 3-7 with the next piece; tick."""
        piece = self._next
        at = piece * PIECE_BYTES
        data = self.data
        buf[_SESSION] = session
        buf[_PIECE] = piece
        for i in range(PIECE_BYTES):
            buf[_BYTES + i] = data[at + i]
        self._next = piece + 1 if piece + 1 < PIECES else 0


class Challenge:
    """One side of it. `direction`: auth.DISPENSER or auth.TANK, whose side this is.

    `state`: IDLE without a session, ASKING until the peer's nonce is complete and the key is known, ANSWERING until
    its response is right, then PROVED with `sends` and `receives`, the Macs of both directions; REFUSED after WRONG_MAX
    wrong responses, or without a key.
    """

    def __init__(self, direction):
        self._direction = direction
        self._nonce = _Outgoing()
        self._answer = _Outgoing()
        self._peer_nonce = _Incoming()
        self._peer_answer = _Incoming()
        self._expected = b""
        self._wrong = 0
        self.state = IDLE
        self.session = 0
        self.confirmed = False  # the peer's first tag was right: it has our response
        self.sends = None
        self.receives = None

    # -- tick ----------------------------------------------------------------------------------------------

    def end(self):
        """Forget the session."""
        self.state = IDLE
        self.session = 0
        self.sends = self.receives = None

    def fill_challenge(self, buf):
        """Fill a challenge frame and return 0, or 1 when there is nothing to ask."""
        if self.state != ASKING and self.state != ANSWERING:
            return 1
        self._nonce.fill(buf, self.session)
        return 0

    def fill_response(self, buf):
        """Fill a response frame and return 0, or 1 when there is nothing to answer."""
        if self.sends is None or self.confirmed:
            return 1
        self._answer.fill(buf, self.session)
        return 0

    def take_challenge(self, frame, out):
        """Take a piece of the peer's nonce; once the keys rest on it, nothing that comes changes them."""
        self._peer_nonce.take(frame)

    def take_response(self, frame, out):
        """Take a piece of the peer's response."""
        if self.state == ANSWERING:
            self._peer_answer.take(frame)

    # -- slack ---------------------------------------------------------------------------------------------

    def begin(self, session, nonce):
        """Start with a session (1 to 253) and a nonce never used before (auth.NONCE_BYTES)."""
        self.session = session
        self._nonce.data[:] = nonce
        self._peer_nonce.have = self._peer_answer.have = 0
        self._wrong = 0
        self.confirmed = False
        self.sends = self.receives = None
        self.state = ASKING

    def refuse(self):
        """There is no key: end it here."""
        self.state = REFUSED

    def step(self, key, tank_id):
        """Do what can be done now, one thing a call. `key`: the truck's, b"" while not known; tank_id: its identity."""
        if self.state == ASKING:
            if key and self._peer_nonce.have == _ALL:
                self._derive(key, tank_id)
        elif self.state == ANSWERING and self._peer_answer.have == _ALL:
            self._peer_answer.have = 0
            if auth.same(self._peer_answer.data, self._expected):
                self.state = PROVED
                return
            self._wrong += 1
            if self._wrong >= WRONG_MAX:
                self.state = REFUSED

    def _derive(self, key, tank_id):
        ours, theirs = bytes(self._nonce.data), bytes(self._peer_nonce.data)
        direction = self._direction
        nonces = ours + theirs if direction == auth.DISPENSER else theirs + ours
        self.sends = auth.session_mac(key, direction, self.session, tank_id, nonces)
        self.receives = auth.session_mac(key, 1 - direction, self.session, tank_id, nonces)
        self._answer.data[:] = auth.response(self.sends)
        self._expected = auth.response(self.receives)
        self.state = ANSWERING

"""The authentication of one node's link: its key, the challenge of a session, the tags it makes and those it checks.

The tick begins and ends sessions and asks `passes` and `refuses`; `slack` does what allocates, bounded by count: one
step of the challenge, or else at most one tag made and one pair checked. With `auth` 0 in the parameters a node
neither asks for a proof nor gives one; it says so in every session (LINK event) and on the ticket.
"""

from micropython import const

from board import rng
from core import auth, challenge, link_key, report, tagging

NO_KEY, TEST_KEY, OFF, PROVED, REFUSED, FORGED = const(7), const(8), const(9), const(10), const(11), const(12)


class Guard:
    """See above. `signer` and `verifier` are the link's (core.link), `challenge` fills and takes its frames.

    direction: auth.DISPENSER or auth.TANK, whose board this is. sent_id, received_id: the message that is tagged and
    the one that is checked; cycle_ms, hold_ms of the latter. The dispenser holds the station's key and derives the
    truck's from it.
    """

    def __init__(self, direction, fram, events, sent_id, received_id, cycle_ms, hold_ms):
        self._direction = direction
        self._fram = fram
        self._events = events
        self.challenge = challenge.Challenge(direction)
        self.signer = tagging.Signer(sent_id)
        self.verifier = tagging.Verifier(received_id, cycle_ms, hold_ms)
        self.awake = False  # there is something for the slack
        self._session = 0
        self._key = b""
        self._truck_key = b""
        self._tank_id = 0
        self._forged_told = 0

    def load(self):
        """Read the key; say when there is none, or one that is no secret. At boot and after the key was changed."""
        kind, self._key = link_key.read(self._fram)
        self._tank_id = 0
        if kind == link_key.TEST:
            self._tell(TEST_KEY, 0)
        elif kind != link_key.OWN:
            self._tell(NO_KEY, kind)

    # -- tick ----------------------------------------------------------------------------------------------

    def begin(self, session, required):
        """Start a session (1 to 253) with or without authentication."""
        self.end()
        self._session = session
        self.verifier.required = bool(required)
        self.awake = True

    def end(self):
        """The session is over: nothing that was proved in it counts any more."""
        self._session = 0
        self.awake = self.verifier.required = False
        self.challenge.end()
        self.signer.end()
        self.verifier.end()

    def passes(self):
        """Return True when the peer has proved its key in this session, or need not."""
        return not self.verifier.required or self.challenge.state == challenge.PROVED

    def refuses(self):
        """Return True when the peer's proof was wrong, or none can be given for want of a key."""
        return self.challenge.state == challenge.REFUSED

    # -- slack ---------------------------------------------------------------------------------------------

    def slack(self, tank_id):
        """Do what is due, while `awake`. tank_id: of the truck that is coupled, 0 or below while not known."""
        if not self.verifier.required:
            self.awake = False
            self._tell(OFF, self._session)
            return
        if self.challenge.state != challenge.PROVED:
            self._ask(tank_id)
            return
        self.signer.make()
        verifier = self.verifier
        if verifier.check() == tagging.VERIFIED:
            self.challenge.confirmed = True
        elif verifier.forged != self._forged_told:  # 0 again in a new session
            self._forged_told = verifier.forged
            if verifier.forged:
                self._tell(FORGED, verifier.forged)

    def _ask(self, tank_id):
        asked = self.challenge
        before = asked.state
        if before == challenge.IDLE:
            asked.begin(self._session, rng.nonce(auth.NONCE_BYTES))
            if not self._key:
                asked.refuse()
        elif tank_id > 0:
            if tank_id != self._tank_id:
                self._tank_id = tank_id
                station = self._direction == auth.DISPENSER
                self._truck_key = auth.truck_key(self._key, tank_id) if station else self._key
                return
            asked.step(self._truck_key, tank_id)
        if asked.state == before:
            return
        if asked.state == challenge.PROVED:
            self.signer.begin(asked.sends)
            self.verifier.begin(asked.receives)
            self._tell(PROVED, tank_id)
        elif asked.state == challenge.REFUSED:
            self._tell(REFUSED, tank_id)

    def _tell(self, note, value):
        self._events.put(report.LINK, note, 0, 0, value)

    # -- serial command ------------------------------------------------------------------------------------

    def set_key(self, args):
        """`key <64 hex digits>` or `key erase`: keep a key, or forget it; return "" or why not. Nothing is echoed."""
        why = link_key.change(self._fram, args, link_key.LINK)
        if why:
            return "key " + why
        self.load()
        return ""

"""Who is at the serial port: roles, proved by challenge and response, locked out after wrong ones, ended by time.

    role key = HMAC(service key, "cryofill role " + role)          the technician holds this one, never the service key
    proof    = HMAC(role key, "cryofill login " + nonce), first PROOF_BYTES

The service key stands in FRAM (core.link_key). Without one the port is open: whoever is at it may do everything, as on
a board that has not left commissioning; the board says so at every start. Slack only.

Wrong proofs and lock-outs are counted in FRAM: no restart gives anybody another try. The board has no clock, so a
lock-out that a restart interrupts begins anew. Record: format, lock-outs * 4 + wrong proofs, CRC-16 (low byte first).
"""

from binascii import hexlify

from micropython import const

from board import rng
from core import auth, link_key, report
from core.e2e import seal, sealed

VIEW, COMMISSIONING = const(0), const(3)
OPEN, KEY_DAMAGED, LOGIN, LOGOUT, TIMED_OUT, WRONG, LOCKED_OUT = range(1, 8)  # of serial_note_table

NONCE_BYTES = const(16)
PROOF_BYTES = const(16)
NONCE_MS = const(15000)
IDLE_MS = const(600000)
WRONG_MAX = const(3)  # wrong proofs before a lock-out
LOCK_MS = const(60000)  # the first one; each further one is twice as long
LOCKS_MAX = const(6)  # the longest: 32 minutes
_RECORD = const(192)  # where the counts begin, counted from the end of the chip
_RECORD_BYTES, _FORMAT = const(4), const(1)
_MASK = const(0x3FFFFFFF)


class Roles:
    """The session at the port. `names`: the roles, lowest first; `look()` now and then ends what has timed out."""

    def __init__(self, fram, events, names):
        self._fram = fram
        self._events = events
        self.names = names
        self._kind, self._key = link_key.NONE, b""
        self._role = VIEW
        self._asked = VIEW  # the role that the nonce was drawn for
        self._nonce = b""
        self._nonce_ms = 0
        self._used_ms = 0
        self._wrong = 0  # in a row
        self._locks = 0
        self._locked_ms = -1  # since when locked out; negative: not

    def load(self):
        """Read the service key and say what it means for the port. At boot and after the key was changed."""
        self._kind, self._key = link_key.read(self._fram, link_key.SERVICE)
        self._role = VIEW
        if self._kind == link_key.NONE:
            self._tell(OPEN, COMMISSIONING, 0)
        elif self._kind == link_key.DAMAGED:
            self._tell(KEY_DAMAGED, VIEW, 0)
        else:
            self._recall()

    def _recall(self):
        """Read the counts. A damaged record may hide any number: it counts as the longest lock-out."""
        buf = bytearray(_RECORD_BYTES)
        self._fram.read_into(self._fram.n_bytes - _RECORD, buf)
        count = buf[1]
        if buf[0] != _FORMAT or not sealed(buf, 2):
            blank = buf[0] in (0, 255) and buf == bytes((buf[0],)) * _RECORD_BYTES
            count = 0 if blank else LOCKS_MAX << 2 | WRONG_MAX
        self._locks, self._wrong = count >> 2, count & 3
        if self._wrong == WRONG_MAX:
            self._lock(VIEW)

    def _keep(self, locks, wrong):
        """Write the counts to FRAM."""
        self._locks, self._wrong = locks, wrong
        buf = bytearray((_FORMAT, locks << 2 | wrong, 0, 0))
        seal(buf, 2)
        self._fram.write(self._fram.n_bytes - _RECORD, buf)

    def level(self):
        """Return the highest role that may be used now."""
        return COMMISSIONING if self._kind == link_key.NONE else self._role

    def may(self, name, role):
        """Return whether a command of this role may be given; a damaged service key may be set anew by anybody."""
        return role <= self.level() or self._kind == link_key.DAMAGED and name == "service_key"

    def touch(self):
        """A command of a role came: its time begins anew."""
        self._used_ms = self._events.now_ms

    def look(self):
        """End a role that was not used for IDLE_MS, and a lock-out that is over."""
        now_ms = self._events.now_ms
        if self._role and now_ms - self._used_ms & _MASK >= IDLE_MS:
            self._end(TIMED_OUT)
        if self._locked_ms >= 0 and not self._locked_for_ms():
            self._locked_ms = -1
            self._keep(self._locks, 0)

    def _lock(self, role):
        self._locked_ms = self._events.now_ms
        self._tell(LOCKED_OUT, role, self._locked_for_ms() // 1000)

    def _locked_for_ms(self):
        left_ms = (LOCK_MS << self._locks >> 1) - (self._events.now_ms - self._locked_ms & _MASK)
        return left_ms if left_ms > 0 else 0

    def _end(self, note):
        role, self._role = self._role, VIEW
        self._tell(note, role, 0)

    def _tell(self, note, role, value):
        self._events.put(report.PORT, note, role, 0, value)

    # -- commands ------------------------------------------------------------------------------------------

    def do_whoami(self, args):
        """`whoami`."""
        return [self.names[self.level()], "open" if self._kind == link_key.NONE else "proved" if self._role else ""]

    def do_login(self, args):
        """`login <role>`: answer with a nonce, for 15 s."""
        if len(args) != 1 or args[0] not in self.names[1:]:
            return "login " + "|".join(self.names[1:])
        if self._kind != link_key.OWN:
            return "no service key: this port is open" if self._kind == link_key.NONE else "the service key is damaged"
        self.look()
        if self._locked_ms >= 0:
            return "locked out for %d s" % (self._locked_for_ms() // 1000 + 1)
        self._asked = self.names.index(args[0])
        self._nonce = rng.nonce(NONCE_BYTES)
        self._nonce_ms = self._events.now_ms
        return ["nonce=" + hexlify(self._nonce).decode()]

    def do_proof(self, args):
        """`proof <32 hex digits>`: a nonce is good for one try."""
        nonce, self._nonce = self._nonce, b""
        if not nonce or self._events.now_ms - self._nonce_ms & _MASK >= NONCE_MS:
            return "login first"
        # The try counts before it is judged: whoever pulls the plug now has learned nothing, and has one less.
        wrong = self._wrong + 1
        self._keep(min(self._locks + wrong // WRONG_MAX, LOCKS_MAX), wrong)
        name = self.names[self._asked]
        mac = auth.Mac(auth.Mac(self._key).digest(b"cryofill role " + name.encode()))
        right = hexlify(mac.digest(b"cryofill login " + nonce)[:PROOF_BYTES])
        given = args[0].lower().encode() if len(args) == 1 else b""
        if len(given) == len(right) and auth.same(given, right):
            self._role = self._asked
            self._keep(0, 0)
            self.touch()
            self._tell(LOGIN, self._role, 0)
            return [name]
        self._tell(WRONG, self._asked, wrong)
        if wrong == WRONG_MAX:
            self._lock(self._asked)
        return "wrong proof"

    def do_logout(self, args):
        """`logout`."""
        self._nonce = b""
        if self._role:
            self._end(LOGOUT)
        return ""

    def do_service_key(self, args):
        """`service_key <64 hex digits>` or `service_key erase`; nothing is echoed. Ends the session."""
        why = link_key.change(self._fram, args, link_key.SERVICE)
        if why:
            return "service_key " + why
        self._keep(0, 0)
        self._locked_ms = -1
        self.load()
        return ""

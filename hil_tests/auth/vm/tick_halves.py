"""Run in the MicroPython VM: FIRMWARE; what the tick does of the authentication, with the heap locked.

Two nodes with challenge, signer and verifier each, 3,000 ticks; prints "ok <frames verified by each side>".
"""

import sys

from micropython import heap_lock, heap_unlock

sys.path.insert(0, sys.argv[1])

from core import auth, challenge, e2e, tagging

SESSION, TANK_ID, CYCLE_TICKS = 9, 1000, 10
KEY = auth.truck_key(bytes(range(32)), TANK_ID)


class Node:
    def __init__(self, direction, can_id, peer_id, nonce):
        self.challenge = challenge.Challenge(direction)
        self.challenge.begin(SESSION, nonce)
        self.signer = tagging.Signer(can_id)
        self.verifier = tagging.Verifier(peer_id, 100, 300)
        self.frames = [bytearray(8) for _ in range(4)]  # challenge, response, message, tag
        self.sent = [0] * 4
        self.counter = 250
        self.verified = 0
        self.age_ms = 0

    def tick(self, n):
        frames, sent, signer = self.frames, self.sent, self.signer
        sent[0] = n % CYCLE_TICKS == 0 and self.challenge.fill_challenge(frames[0]) == 0
        sent[1] = n % CYCLE_TICKS == 1 and self.challenge.fill_response(frames[1]) == 0
        sent[3] = signer.fill(frames[3]) == 0
        if sent[3]:
            e2e.protect(frames[3], 1, signer.counter)
        sent[2] = n % CYCLE_TICKS == 2
        if sent[2]:
            e2e.protect(frames[2], 2, self.counter)
            self.counter = self.counter + 1 & 255
            if signer.active:
                signer.note(frames[2])

    def receive(self, peer, now):
        frames, sent, verifier = peer.frames, peer.sent, self.verifier
        if sent[0]:
            self.challenge.take_challenge(frames[0], None)
        if sent[1]:
            self.challenge.take_response(frames[1], None)
        if sent[2] and verifier.closed():
            verifier.offer(frames[2], now)
        if sent[3]:
            verifier.offer_tag(frames[3], None)
        if verifier.arrived:
            verifier.arrived = False
            self.verified += 1
        self.age_ms = verifier.age_ms(now)
        verifier.qualified()

    def slack(self):
        self.challenge.step(KEY, TANK_ID)
        if self.challenge.state == challenge.PROVED and not self.verifier.closed():
            self.signer.begin(self.challenge.sends)
            self.verifier.begin(self.challenge.receives)
        self.signer.make()
        self.verifier.check()


dispenser = Node(auth.DISPENSER, 0x100, 0x200, bytes(range(9)))
tank = Node(auth.TANK, 0x200, 0x100, bytes(range(9, 18)))
now = 0x3FFFFFFF - 5000  # the board's ticks wrap on the way
for n in range(3000):
    heap_lock()
    dispenser.tick(n)
    tank.tick(n)
    dispenser.receive(tank, now)
    tank.receive(dispenser, now)
    heap_unlock()
    dispenser.slack()
    tank.slack()
    now = now + 10 & 0x3FFFFFFF
assert dispenser.age_ms <= 120 and tank.age_ms <= 120, (dispenser.age_ms, tank.age_ms)
assert dispenser.verifier.forged == tank.verifier.forged == 0
print("ok", dispenser.verified, tank.verified)

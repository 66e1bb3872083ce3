"""What the rig's own tests put in the place of plant and instruments, and how they run a tiny firmware."""

from pathlib import Path
from types import SimpleNamespace

from sim.rig import Rig
from sim.tables import NODES
from sim.wire import Layout

HERE = Path(__file__).parent
VMS = ("micropython", "cpython")


class StillPlant:
    """A plant in which nothing happens."""

    def __init__(self):
        self.energised = {}
        self.truth = {}
        self.world = SimpleNamespace()

    def step(self, dt_s):
        """Nothing moves."""


class Terminals:
    """Instruments that carry what the test puts there: counts and pulses by node and tag, closed contacts by tag."""

    def __init__(self):
        self.layouts = {node: Layout(node) for node in NODES}
        self.count = {node: [0] * len(x.ai_tags) for node, x in self.layouts.items()}
        self.pulse = {node: [0] * len(x.ci_tags) for node, x in self.layouts.items()}
        self.closed = {node: set() for node in NODES}

    def sample(self, t_s, truth):
        """Nothing to follow."""

    def counts(self, node):
        return self.count[node]

    def contacts(self, node):
        return sum(1 << self.layouts[node].contact_bit[tag] for tag in self.closed[node])

    def pulses(self, node):
        return self.pulse[node]


class Recorder:
    """Keeps everything that an observer can see."""

    def __init__(self):
        self.frames = []
        self.events = []
        self.packets = []
        self.lines = {node: [] for node in NODES}

    def on_frame(self, t_us, can_id, data):
        self.frames.append((t_us, can_id, data))

    def on_event(self, event):
        self.events.append(event)

    def on_exchange(self, t_ms, node, to_node, packet):
        self.packets.append((t_ms, node, to_node, packet))

    def on_line(self, node, text):
        self.lines[node].append(text)


def make(vm, firmware, *, terminals=None, recorder=None, tank=None, **options):
    """Return a Rig (not started) whose nodes run fw_<firmware>/main.py; the tank another one if given."""
    main = {
        "dispenser": HERE / f"fw_{firmware}" / "main.py",
        "tank": HERE / f"fw_{tank or firmware}" / "main.py",
    }
    observers = [recorder] if recorder is not None else []
    return Rig(StillPlant(), terminals or Terminals(), vm=vm, main=main, observers=observers, **options)


def values(lines):
    """Turn lines "name value" into {name: value} (the last one of a name stands)."""
    return dict(line.split(" ", 1) for line in lines)

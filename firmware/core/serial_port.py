"""The serial port of a node: who is at it, what it may ask for, and what becomes of that."""

from board import clock, uart
from core import params, report
from core.audit import Audit
from core.commands import Commands
from core.console import Console
from core.link_report import LinkReport
from core.roles import Roles


def open_port(node, fram, table, tables, names, link, rx_rows, owners=()):
    """Return a node's (roles, console). Once all else is there that commands tell of.

    table: a generated *_serial module; tables: the node's of I/O, states, trips and parameters; names: of its computed
    signals; rx_rows: how many of the messages that `link` receives are told of; owners: what else has commands, asked
    before the node itself.
    """
    events = node.events
    io, states, rows, settings = tables
    roles = Roles(fram, events, table.ROLES)
    console = Console(uart.Port(), events, table, states.PUBLIC, node.machine, roles, Audit(fram, events))
    shown = Commands(node, io, states, rows, settings, names, table.STATUS)
    console.owners = (shown, LinkReport(link, node.watch, rx_rows, clock.ticks_ms), roles, console) + owners + (node,)
    return roles, console


def greet(node):
    """Say at the port who may use it, and whether what was set is lost."""
    node.roles.load()
    if node.params.damaged:
        node.events.put(report.PORT, params.DAMAGED, 0, 0, 0)

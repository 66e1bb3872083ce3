"""Runs the firmware under CPython against the same shims: for the debugger, coverage and a second opinion.

Usage: python _cpython_node.py SHIMS SITE MAIN PATH...   (working directory: the node's, with node.txt)

`machine`, `time`, `os`, `gc` and `micropython` are replaced for importers that live in PATH or beside MAIN, so that
the standard library keeps its own. SITE is where the package `littlefs` lives, for /flash and nothing else. `const` and
the heap lock are emulated; a locked heap is counted, not enforced.
"""

import builtins
import gc as real_gc
import hashlib
import importlib.util
import os as real_os
import runpy
import sys
import traceback
import types


def _load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _micropython(link):
    mod = types.ModuleType("_micropython")

    def heap_lock():
        link.lock_depth += 1

    def heap_unlock():
        link.lock_depth -= 1
        return link.lock_depth

    mod.const = lambda x: x
    mod.native = mod.viper = mod.bytecode = lambda f: f
    mod.heap_lock = heap_lock
    mod.heap_unlock = heap_unlock
    mod.heap_locked = lambda: link.lock_depth
    mod.schedule = lambda function, arg: function(arg)
    mod.mem_info = mod.qstr_info = mod.kbd_intr = lambda *args: None
    mod.opt_level = lambda *args: 0
    return mod


def _mount(shims, site):
    """Mount /flash and route `open` to it; return the routed functions of `os`."""
    for name in ("littlefs_table", "_flash"):
        _load(name, real_os.path.join(shims, name + ".py"))
    sys.path.append(site)
    ours = _load("_flash_cpython", real_os.path.join(shims, "_flash_cpython.py"))
    sys.path.remove(site)
    flash = ours.Flash()
    real_open = builtins.open

    def routed_open(path, mode="r", *args, **kwargs):
        below = ours.inside(path)
        return real_open(path, mode, *args, **kwargs) if below is None else flash.open(below, mode)

    builtins.open = routed_open
    return {name: ours.routed(flash, name) for name in ours.OS_NAMES}


def _os(link, routed):
    mod = types.ModuleType("os")
    mod.__dict__.update(real_os.__dict__)
    mod.__dict__.update(routed)
    count = 0

    def urandom(n):
        nonlocal count
        out = b""
        while len(out) < n:
            out += hashlib.sha256(b"%d:%d" % (link.seed, count)).digest()
            count += 1
        return out[:n]

    mod.urandom = urandom
    return mod


def _gc():
    mod = types.ModuleType("gc")
    mod.collect = lambda: 0  # reference counting has done it; a full collection costs milliseconds
    mod.enable, mod.disable, mod.isenabled = real_gc.enable, real_gc.disable, real_gc.isenabled
    mod.mem_alloc = lambda: 0
    mod.mem_free = lambda: 1 << 20
    mod.threshold = lambda *args: -1
    return mod


def main():
    """Load the shims, hook the import, run the firmware's main file."""
    shims, site, script, *path = sys.argv[1:]
    sys.path[:0] = [real_os.path.dirname(script), *path]
    roots = tuple(real_os.path.join(real_os.path.abspath(p), "") for p in sys.path[: 1 + len(path)])
    _load("_transport", real_os.path.join(shims, "link_pipes", "_transport.py"))
    for name in ("_viper", "_words"):
        _load(name, real_os.path.join(shims, name + ".py"))
    link = _load("_link", real_os.path.join(shims, "_link.py"))
    micropython = sys.modules["_micropython"] = _micropython(link)
    sys.print_exception = lambda exc, file=None: traceback.print_exception(exc, file=file or sys.stdout)
    replaced = {"micropython": micropython, "os": _os(link, _mount(shims, site)), "gc": _gc()}
    for name in ("_fram", "_can"):
        _load(name, real_os.path.join(shims, name + ".py"))
    for name in ("time", "machine"):
        replaced[name] = _load("_shim_" + name, real_os.path.join(shims, name + ".py"))
    plain = builtins.__import__

    def shimmed(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and name in replaced and globals is not None:
            if str(globals.get("__file__", "")).startswith(roots):
                return replaced[name]
        return plain(name, globals, locals, fromlist, level)

    builtins.__import__ = shimmed
    runpy.run_path(script, run_name="__main__")


main()

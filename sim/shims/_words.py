"""Numbers and copies inside the packet buffers: the functions of `_viper`, as fast as this VM can run them."""

try:
    from _viper import *
except SyntaxError:  # a VM without a machine-code emitter refuses the decorator: the same lines as bytecode
    with open(__file__.replace("_words.py", "_viper.py")) as _file:
        exec(_file.read().replace("@micropython.viper", ""), globals())

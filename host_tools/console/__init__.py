"""The technician's console: the serial line, the words on it, and the terminal in front of it."""

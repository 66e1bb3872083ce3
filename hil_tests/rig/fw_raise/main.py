"""Fails in the fifth tick."""

import time

for i in range(5):
    time.sleep_ms(10)
print("about to fail")
raise ValueError("on purpose")

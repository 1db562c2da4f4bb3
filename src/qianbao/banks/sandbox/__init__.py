"""Simulated banks, registers and phones: a process of its own, with a database of its own.

It stands where real banks stand, so it compares as strictly as they do and keeps its own records,
card numbers included. Nothing here is imported by the wallet; the two speak over HTTP only, and
share nothing but the demo's clock.
"""

"""Ways out: what a person can do so that something blocked works again. Pure.

Solutions are not written here. Actions are (`actions`), and a search (`plan`) finds the sequences
after which the very function that refused says "allowed"; `prove` holds that promise to account.
"""

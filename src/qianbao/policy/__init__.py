"""Rules as data: facts, conditions over them, decisions with every reason. Pure.

Policies change with no release, so they live in YAML (`packs/`). This room never reads a clock, a
database or a request: a `Situation` and a moment come in, a `Decision` goes out.
"""

"""Coding agents' clients and git: what `expert install` writes for each, and how their hooks are read and answered.

A client is one module of `agents`; `installation` applies and reverts its edits, `calls` reads its hooks' payloads.
"""

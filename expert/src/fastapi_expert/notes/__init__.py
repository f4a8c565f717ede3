"""Project memory: what a team decided, as Markdown notes in `.expert/notes/` that any tool can read.

The format is Basic Memory's (https://docs.basicmemory.com), the implementation our own: files are the truth, an
SQLite index beside them answers searches, and the five tools have the names and parameters that agents know.
"""

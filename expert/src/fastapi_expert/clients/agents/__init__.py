"""The coding agents' clients, one module each: the edits that register this program in its files."""

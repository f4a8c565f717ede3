"""Notes on disk: whole files written at once, one writer at a time, and what the folder holds without reading it."""

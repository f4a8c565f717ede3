"""Files that people send: what is taken of them, and where it is kept. Nothing here knows what a file belongs to."""

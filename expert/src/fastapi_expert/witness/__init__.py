"""The running application as a witness: its own route table, beside what the text says.

Comes in: a codebase and what to import of it (`entrypoints` finds that in the text). `interpreter` says which Python is
the project's, `process` has it run `child`, in a process group that ends in time, `failure` explains what went wrong.
Goes out: the inventory with the true table in it (`merge`), and how the two differ (`difference`).

This is the one package that runs the code under study, and nothing calls it unasked.
"""

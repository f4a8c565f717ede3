"""What the rules ask of functions: their bodies with names resolved, what a value is, what a call reaches.

In come the sources and the linked names of a codebase; out come functions whose calls, awaits, yields and returns can
be asked for. Everything is worked out when a rule asks, and kept for the next rule.
"""

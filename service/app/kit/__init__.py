"""Small tools that need nothing else of the service: the clock, identifiers, keys, JSON, counters, values with an age."""

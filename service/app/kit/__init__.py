"""Small tools that need nothing else of the service: clock, identifiers, keys, JSON, counters, values with an age."""

"""Who follows posts hears of their changes: the log, written with each change, and the feed that hands it out."""

"""Background jobs: plain functions in `mails` and `upkeep`, run by `runner`, handed out by `relay`."""

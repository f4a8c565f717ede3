"""The search index of the notes: a cache in SQLite that makes itself right again before every question."""

"""Applications of others as they run: how each is started, and the scripts that their own interpreters are given."""

"""git as a client: hooks in the git directory, in a hook manager's file or behind a hook of the project's own."""

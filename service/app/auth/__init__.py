"""Accounts and the ways into them: registration, sessions, API tokens, second factor, OpenID, profiles."""

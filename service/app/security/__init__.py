"""Passwords, signed tokens, encryption, one-time codes, cross-site requests, OpenID providers."""

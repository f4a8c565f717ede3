"""What signing in keeps: sessions, one-time tokens, second factors, identities of OpenID providers."""

"""Sign-in with others: the client side of OpenID Connect, code flow with PKCE. Knows nothing of users."""

"""Where the site is, and what its pages may load."""

ADMIN = "/admin"
"""Where the admin site is."""

ADMIN_FILES = f"{ADMIN}/static"


def admin_policy(nonce: str | None = None) -> str:
    """The policy of the admin site: scripts from its own files, and inline scripts with the page's ``nonce``."""
    scripts = "'self'" if nonce is None else f"'self' 'nonce-{nonce}'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )

"""A real OpenID provider for the tests: Django OAuth Toolkit, with the recommendations of RFC 9700 switched on.

It insists on PKCE, on the exact redirect address and on a client secret, takes a code once, names itself in its answers
(RFC 9207), and lets nobody in without a password. What no provider should ever do, it does for users whose names say
so: :data:`FAULTS`.

`python -m tests.auth.oidc.provider PORT` serves it on 127.0.0.1 from the working directory: `key.pem` signs,
`setup.json` says who has an account.
"""

import time
from typing import Any

CLIENT_ID, CLIENT_SECRET = "the-service", "s3cret: with % and + in it"

_NOW = int(time.time())
FAULTS: dict[str, dict[str, Any]] = {
    "expired": {"exp": _NOW - 3600, "iat": _NOW - 7200},
    "from_tomorrow": {"iat": _NOW + 86_400, "exp": _NOW + 90_000},
    "other_audience": {"aud": "another-service"},
    "several_audiences": {"aud": ["the-service", "another-service"]},
    "other_party": {"azp": "another-service"},
    "other_issuer": {"iss": "https://id.evil.example"},
    "wrong_nonce": {"nonce": "of-another-sign-in"},
    "no_nonce": {"nonce": None},
    "no_subject": {"sub": ""},
    "wrong_at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "unsigned": {},
    "signed_with_the_client_secret": {},
    "signed_by_another": {},
}
"""What the ID token of a user of this name says otherwise (None: not at all), or how it is signed."""

"""Who sends a request when proxies stand in between."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog
from starlette.types import Scope

log = structlog.get_logger(__name__)


class TrustedProxies:
    """Reads ``X-Forwarded-For`` and ``X-Forwarded-Proto``, but only from peers we were told to trust.

    ``proxies`` are addresses or networks (``10.0.0.0/8``); ``*`` trusts every peer; a socket without an address
    (``unix``) is trusted as soon as any proxy is. The chain is read from the right, the end a client cannot write.
    Raises ``ValueError`` for anything that is none of these.
    """

    def __init__(self, proxies: Iterable[str]) -> None:
        names = set(proxies)
        self._everyone = "*" in names
        self._any = bool(names)
        self._stranger_noted = False
        networks = names - {"*", "unix"}
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(name, strict=False) for name in networks]
        self._trusts = lru_cache(maxsize=4096)(self._is_trusted)

    def resolve(self, peer: str, scope: Scope) -> tuple[str, str]:
        """The client's address and the scheme it used."""
        scheme = scope.get("scheme", "http")
        if not self._any or not self._trusts(peer):
            return peer, scheme
        chain: list[str] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                chain += [part.strip() for part in value.decode("latin-1").split(",")]
            elif name == b"x-forwarded-proto":
                claimed = value.decode("latin-1").rpartition(",")[2].strip().lower()
                scheme = claimed if claimed in {"http", "https"} else scheme
        client = peer
        for address in reversed(chain):
            try:
                client = str(ip_address(_without_port(address)))
            except ValueError:
                break  # not an address: the peer that wrote it is the last one we can name
            if not self._trusts(client):
                break
        return client, scheme

    def note_stranger(self, peer: str) -> bool:
        """Whether a peer that forwards for others is one we were not told to trust: then all of them share its limits.

        The first is written to the log.
        """
        if self._any and self._trusts(peer):
            return False
        if not self._stranger_noted:
            self._stranger_noted = True
            log.warning("proxies.forwarded_by_a_stranger", peer=peer, hint="if it is your proxy: TRUSTED_PROXIES")
        return True

    def _is_trusted(self, address: str) -> bool:
        if self._everyone or address == "unix":
            return True
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _without_port(address: str) -> str:
    """``[2001:db8::1]:80`` and ``192.0.2.1:80`` as some proxies write them, without the port."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address

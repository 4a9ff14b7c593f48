"""Fetches what a caller names by address, and nothing of this network: what is asked is what is connected to.

A name is resolved here, every address it has is looked at, and the connection goes to one of those. The same
for each redirect. So a name that means another address a moment later opens nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpx2

from soravid import __version__
from soravid.errors import InvalidRequest
from soravid.proxy.options import ProxyOptions
from soravid.references import read_reference
from soravid.transport import Transport
from soravid.types import Reference

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_RESOLVE = 10.0
_WHOLE = 60.0
"""Seconds for a picture, from its name to its last byte."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Pictures:
    """Reads reference pictures for callers. To be used on one event loop."""

    def __init__(self, options: ProxyOptions) -> None:
        self._transport = _Guarded(CheckedTransport(options))

    async def fetch(self, url: str, param: str) -> Reference:
        """The picture at an address.

        Raises:
            InvalidRequest: it cannot be had, is no picture, or lies in this network.
        """
        try:
            async with asyncio.timeout(_WHOLE):
                found = await read_reference(url, self._transport, param)
        except TimeoutError:
            message = "The reference picture did not come in time."
            raise InvalidRequest(message, param=param) from None
        except InvalidRequest:
            raise
        except (httpx2.InvalidURL, ValueError):
            raise InvalidRequest("The reference picture's address is none.", param=param) from None
        if found is None:
            raise InvalidRequest("There is no reference picture.", param=param)
        return found

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()


class _Guarded(Transport):
    """One pool, behind the check."""

    def __init__(self, checked: CheckedTransport) -> None:
        super().__init__()
        self._checked = checked

    def client(self, url: httpx2.URL) -> httpx2.AsyncClient:  # noqa: ARG002 - one for all
        if "" not in self._clients:
            headers = {"user-agent": f"soravid/{__version__}"}
            self._clients[""] = httpx2.AsyncClient(
                transport=self._checked, headers=headers, follow_redirects=False
            )
        return self._clients[""]


class CheckedTransport(httpx2.AsyncHTTPTransport):
    """Connects to the address that was looked at; TLS and the server still see the name."""

    def __init__(self, options: ProxyOptions) -> None:
        # No connection is used again: it was made, by its address, for another name perhaps.
        super().__init__(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
        self._options = options

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the address that its host was found at."""
        host = request.url.host
        address = await self._address(host, request.url.port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=str(address))
        return await super().handle_async_request(request)

    async def _address(self, host: str, port: int | None) -> IPAddress:
        resolve = asyncio.get_running_loop().getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(_RESOLVE):
                found = await resolve
        except (OSError, TimeoutError, UnicodeError):
            raise InvalidRequest("there is no such host.") from None
        addresses = [ipaddress.ip_address(each[4][0]) for each in found]
        allowed = host.lower().rstrip(".") in self._options.allowed_hosts
        if not addresses or not (allowed or all(self._may(each) for each in addresses)):
            raise InvalidRequest(
                "its address is of a private network. Send the picture itself, or have the proxy's "
                "soravid_settings.references allow it."
            )
        return addresses[0]

    def _may(self, address: IPAddress) -> bool:
        real = _real(address)
        if any(
            real in network for network in self._options.allowed_networks if network.version == real.version
        ):
            return True
        return real.is_global and not real.is_multicast


def _real(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1]) or address

"""A DNS server of our own for names that lie: asked over the wire, in place of the system's resolver."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dnslib import AAAA, QTYPE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

Addresses = Callable[[int], list[str]]


class Names(BaseResolver):
    """`addresses` gives what is answered, from how often was asked before."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses, self.asked = addresses, 0

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        reply = request.reply()
        for address in self.addresses(self.asked):
            kind, data = (QTYPE.AAAA, AAAA(address)) if ":" in address else (QTYPE.A, A(address))
            reply.add_answer(RR(request.q.qname, kind, rdata=data, ttl=0))
        self.asked += 1
        return reply


@contextmanager
def names(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    """While it lasts every name is looked up at this server."""
    resolver = Names(addresses)
    server = DNSServer(resolver, address="127.0.0.1", port=0)
    port = server.server.server_address[1]

    def getaddrinfo(host: str, port_: int, *_: Any, **__: Any) -> list[Any]:
        try:
            socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            found = [host]
        except OSError:
            answer = DNSRecord.parse(DNSRecord.question(host).send("127.0.0.1", port, timeout=5))
            found = [str(record.rdata) for record in answer.rr]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port_, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port_))
            for address in found
        ]

    server.start_thread()
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", getaddrinfo)
        try:
            yield resolver
        finally:
            server.stop()
            server.server.server_close()

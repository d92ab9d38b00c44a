"""Where no call of ours may lead, network by network, whatever a library or a version of Python thinks of it.

Used by `outbox.http` at the check and at the connection. Written out because `ipaddress.is_global` takes some of
these for public, and differs between versions of Python.
"""

from ipaddress import ip_network

from ssrfguard import AddressTable, Block, Reach

BLOCKED = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a carrier (CGNAT)",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "metadata of a cloud (Azure)",
    "169.254.0.0/16": "link-local, where clouds keep their metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "IETF protocols",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "AMT",
    "192.88.99.0/24": "6to4 relays",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarks",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, and broadcast",
    "::/96": "this machine, or an IPv4 address in an old form",
    "::ffff:0:0:0/96": "IPv4, translated",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "100::/64": "discarded",
    "100:0:0:1::/64": "discarded",
    "2001::/23": "IETF protocols, with Teredo",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "AS112",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing (SRv6)",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}


def _block(network: str, name: str, reach: Reach = Reach.DENIED) -> Block:
    return Block(network=ip_network(network), name=name, rfc="outbox.networks", reach=reach)


# Judged by the IPv4 address in it, which is where the call would go.
MAPPED = _block("::ffff:0:0/96", "IPv4 in IPv6", Reach.TRANSLATED)
INSIDE = AddressTable((*(_block(network, name) for network, name in BLOCKED.items()), MAPPED))
EVERYWHERE = AddressTable(
    tuple(_block(network, "outside of WEBHOOK_ALLOWED_NETWORKS") for network in ("0.0.0.0/0", "::/0"))
)

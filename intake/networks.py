"""What is kept of a client's address: a network. Pure; used where an enquiry is stored."""

import ipaddress


def network_of(address: str) -> str:
    """/24 of IPv4, /48 of IPv6, of an address or a smaller network; empty for what is neither."""
    try:
        found = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found.network_address, 24 if found.version == 4 else 48), strict=False))

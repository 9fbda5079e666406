"""Drives senso-host over its stdin and stdout: the developer's tool and the tests stand on it."""

from .host import Host, HostGone, RpcError, SanitizerReport
from .inbox import Timeout
from .peer import Channel, Link, Peer, connect
from .schema import SchemaError, Schemas

__all__ = [
    "Channel", "Host", "HostGone", "Link", "Peer", "RpcError", "SanitizerReport", "SchemaError",
    "Schemas", "Timeout", "connect",
]

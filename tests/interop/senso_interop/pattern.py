"""The messages of the tests, named by kind, size and seed. peers/agent.js makes the same ones."""

import hashlib

UNIT = "ä€😀"


def pattern_bytes(size: int, seed: int) -> bytes:
    blocks = []
    for block in range((size + 255) // 256):
        first = seed + block * (256 + 89)
        blocks.append(bytes((first + i) & 255 for i in range(256)))
    return b"".join(blocks)[:size]


def pattern_text(size: int, seed: int) -> str:
    unit = f"{seed}{UNIT}"
    unit_size = len(unit.encode())
    n = size // unit_size
    return unit * n + "x" * (size - n * unit_size)


def payload(params: dict, seed: int) -> "str | bytes":
    """What a `send` command of these params stands for."""
    if params.get("kind") == "text":
        return pattern_text(params["size"], seed)
    return pattern_bytes(params["size"], seed)


def digest(data: "str | bytes") -> dict:
    """How a peer reports the arrival of `data`."""
    text = isinstance(data, str)
    raw = data.encode() if text else data
    return {
        "type": "text" if text else "binary",
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }

"""Boxes that no package of Debian is, on the router of one test: a relay that TCP is redirected to (iptables' REDIRECT or TPROXY
in nftables), which looks at what the client says first, and a login page. Run as a program with its settings as JSON; says
"ready" when it listens."""

import asyncio
import json
import re
import socket
import struct
import sys

SO_ORIGINAL_DST = 80
IP_TRANSPARENT = 19


def name_in(hello):
    """The server name of a ClientHello (RFC 6066 section 3), or None."""
    found = re.search(rb"\x00\x00..\x00.\x00..([a-z0-9.-]+)", hello, re.DOTALL)
    return found.group(1).decode() if found else None


class Relay:
    """What it does with a client: `blocked` names end in `how` ("reset", "fin", "silence", "alert"); others are relayed unaltered."""

    def __init__(self, settings):
        self.blocked, self.how = settings.get("blocked", []), settings.get("how", "reset")
        self.transparent = settings.get("transparent", False)

    def target(self, writer):
        own = writer.get_extra_info("socket")
        if self.transparent:
            return writer.get_extra_info("sockname")
        raw = own.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
        port, address = struct.unpack("!2xH4s8x", raw)
        return socket.inet_ntoa(address), port

    async def serve(self, reader, writer):
        try:
            host, port = self.target(writer)
            hello = await reader.read(4096)
            name = name_in(hello)
            if name in self.blocked or "*" in self.blocked:
                await self.end(writer)
                return
            up_reader, up_writer = await asyncio.open_connection(host, port)
            up_writer.write(hello)
            await asyncio.gather(self.copy(reader, up_writer), self.copy(up_reader, writer))
        except OSError:
            writer.transport.abort()

    async def end(self, writer):
        if self.how == "silence":
            await asyncio.sleep(60)
        elif self.how == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            if self.how == "alert":
                writer.write(bytes.fromhex("15030300020228"))  # fatal, handshake_failure
            writer.close()

    @staticmethod
    async def copy(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


class Portal:
    """A login page in the place of every web server."""

    PAGES = {
        "302": "HTTP/1.1 302 Found\r\nLocation: http://login.school.test/in?session=s3cret\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "200": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<form>Name <input name=n> <input type=\"password\" name=p></form>",
        "511": "HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    }

    def __init__(self, settings):
        self.page = self.PAGES[settings["portal"]].encode()

    async def serve(self, reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.page)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        writer.close()


async def main(settings):
    box = Portal(settings) if "portal" in settings else Relay(settings)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.get("transparent"):
        own.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
    own.bind(("0.0.0.0", settings["port"]))
    await asyncio.start_server(box.serve, sock=own)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

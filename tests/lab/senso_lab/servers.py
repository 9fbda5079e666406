"""The internet's servers of one test, in one process: DNS, HTTP, HTTPS and WebSocket. Run as a program with its
settings as JSON; says "ready" when all listen."""

import asyncio
import base64
import email.utils
import hashlib
import json
import socket
import ssl
import struct
import sys
import time

FILE = bytes(range(256)) * 800
FILE_SHA256 = hashlib.sha256(FILE).hexdigest()
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
A, CNAME, AAAA = 1, 5, 28
NXDOMAIN, SERVFAIL, REFUSED = 3, 2, 5


class Resolver(asyncio.DatagramProtocol):
    """Answers from a zone: name -> address, "nxdomain", "refused", "servfail", "silent", or "cname NAME"."""

    def __init__(self, zone):
        self.zone = zone

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, source):
        name, at = [], 12
        while data[at]:
            name.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        question = data[12:at + 5]
        kind = struct.unpack("!H", data[at + 1:at + 3])[0]
        answer = self.answer(".".join(name).lower(), kind)
        if answer is not None:
            code, records = answer
            head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
            self.transport.sendto(head + question + b"".join(records), source)

    def answer(self, name, kind):
        value = self.zone.get(name, "nxdomain")
        codes = {"nxdomain": NXDOMAIN, "refused": REFUSED, "servfail": SERVFAIL}
        if value == "silent":
            return None
        if value in codes:
            return codes[value], []
        if value.startswith("cname "):
            target = value[6:]
            wire = b"".join(bytes([len(label)]) + label.encode() for label in target.split(".")) + b"\0"
            record = b"\xc0\x0c" + struct.pack("!HHIH", CNAME, 1, 60, len(wire)) + wire
            code, more = self.answer(target, kind)
            return code, [record, *(wire + one[2:] for one in more)]
        records = []
        for address in value.split():
            six = ":" in address
            if kind == (AAAA if six else A):
                wire = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, address)
                records.append(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(wire)) + wire)
        return 0, records


def page(status, body=b"senso", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close",
             *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Web:
    """One host. `ways` says how it differs from a good one."""

    def __init__(self, ways, secure):
        self.ways, self.secure = ways, secure

    def date(self):
        return email.utils.formatdate(time.time() + self.ways.get("date", 0), usegmt=True)

    def reply(self, path, headers):
        if not self.secure:
            return page("301 Moved Permanently", b"", Location=f"https://{headers.get('host', '')}{path}")
        if "page" in self.ways:
            return page("200 OK", self.ways["page"].encode(), Date=self.date())
        if path == "/f":
            body = b"another file" if self.ways.get("altered") else FILE
            whole = page("200 OK", body, Date=self.date())
            return whole[:len(whole) // 2] if self.ways.get("truncated") else whole
        if headers.get("upgrade", "").lower() == "websocket" and not self.ways.get("no_upgrade"):
            accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] + GUID).encode()).digest()).decode()
            return (f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nDate: {self.date()}\r\n"
                    f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode()
        age = {"Age": str(self.ways["age"])} if "age" in self.ways else {}
        return page(self.ways.get("status", "200 OK"), Date=self.date(), **age)

    async def serve(self, reader, writer):
        try:
            if self.ways.get("plain"):
                await reader.read(1024)
                writer.write(page("400 Bad Request"))
                writer.close()
                return
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if self.secure and self.ways.get("reset"):
                writer.transport.abort()
                return
            first, *lines = head.split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
            writer.write(self.reply(first.split()[1], headers))
            await writer.drain()
            writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            writer.close()


async def main(settings):
    loop = asyncio.get_running_loop()
    for address, zone in settings["resolvers"].items():
        await loop.create_datagram_endpoint(lambda zone=zone: Resolver(zone), (address, 53))
    for host in settings["hosts"]:
        web = Web(host.get("ways", {}), True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*host["certificate"])
        plain = host.get("ways", {}).get("plain")
        await asyncio.start_server(web.serve, host["address"], 443, ssl=None if plain else context)
        if not host.get("ways", {}).get("no_80"):
            await asyncio.start_server(Web({}, False).serve, host["address"], 80)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

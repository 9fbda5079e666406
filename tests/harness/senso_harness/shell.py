"""
A line-oriented shell for one or more hosts: what `repl`, `pair`, `page` and `script` run.

  METHOD {"field": value}     a request; the id is supplied
  METHOD field=value ...      the same; values are JSON, or else strings
  {"method": ...}             a message as it is, jsonrpc and id supplied when absent
  hello                       without params: with the usual ones
  a LINE, b LINE              on that host, where there are several
  connect LABEL ...           connects a and b with these channels
  expect NOTIFICATION {...}   waits until one with these fields comes
  fails REASON METHOD {...}   the request must fail with this data.reason
  raw TEXT                    a frame with this body, and its reply
  silent TEXT                 a frame with this body that nobody answers
  js EXPRESSION               evaluated in the page
  eof                         closes the host's stdin, as a browser that leaves does
  # ...                       a remark
  help, quit
"""

import asyncio
import json
import sys
import threading

from .host import RpcError
from .inbox import Gone
from .peer import connect

SHOWN = 200  # characters of a string
HELLO = {"client": {"name": "senso-harness", "version": "1"}, "protocol": 1}


class ShellError(Exception):
    """A line that cannot be done, or an expectation that was not met."""


def shortened(value):
    if isinstance(value, dict):
        return {k: shortened(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shortened(v) for v in value]
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN - 40]}... ({len(value)} characters)"
    return value


def parse_params(text):
    text = text.strip()
    if not text:
        return {}
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ShellError(f"params are no JSON: {error}") from error
    params = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            raise ShellError(f"{word!r} is neither JSON nor field=value")
        try:
            params[key] = json.loads(value)
        except ValueError:
            params[key] = value
    return params


class Shell:
    """`hosts` by name; the first is meant when a line names none."""

    def __init__(self, hosts, out=print, waiting=True):
        self.hosts = hosts
        self.out = out
        self.waiting = waiting  # whether a request is waited for before the next line
        self._tasks = set()
        self.page = None
        self._sent = 0
        for name, host in hosts.items():
            host.tap = lambda message, name=name: self._show(name, message)

    def _show(self, name, message):
        mark = f"{name} " if len(self.hosts) > 1 else ""
        if "method" in message:
            text = f"* {message['method']} {self._json(message.get('params', {}))}"
        elif "error" in message:
            error = message["error"]
            text = (f"! {message['id']} {error['code']} {error['data']['reason']}: "
                    f"{error['message']}")
        else:
            text = f"= {message['id']} {self._json(message['result'])}"
        self.out(mark + text)

    @staticmethod
    def _json(value):
        return json.dumps(shortened(value), ensure_ascii=False)

    async def line(self, line):
        """Does one line; False to leave."""
        line = line.strip()
        if not line or line.startswith("#"):
            return True
        name = next(iter(self.hosts))
        word, _, rest = line.partition(" ")
        if word in self.hosts:
            name, (word, _, rest) = word, rest.strip().partition(" ")
        if word in ("quit", "exit"):
            return False
        command = getattr(self, f"_do_{word}", None)
        if command:
            await command(name, rest)
        elif word.startswith("{"):
            await self._message(name, f"{word} {rest}")
        else:
            await self._request(name, word, rest)
        return True

    async def _do_help(self, name, rest):
        self.out(__doc__.strip())

    async def _do_connect(self, name, rest):
        a, b = list(self.hosts.values())[:2]
        await connect(a, b, *(rest.split() or ["chat"]))

    async def _do_expect(self, name, rest):
        method, _, where = rest.partition(" ")
        fields = parse_params(where)
        await self.hosts[name].event(
            method, lambda p: all(p.get(k) == v for k, v in fields.items()))

    async def _do_fails(self, name, rest):
        reason, _, rest = rest.partition(" ")
        method, _, params = rest.partition(" ")
        body = await self._unchecked(name, {"method": method, "params": parse_params(params)})
        reply = await self.hosts[name].reply(id=body["id"])
        if "error" not in reply or reply["error"]["data"]["reason"] != reason:
            raise ShellError(f"expected {reason}: {self._json(reply)}")

    async def _do_raw(self, name, rest):
        await self.hosts[name].send_frame(rest.encode())
        await self.hosts[name].reply()

    async def _do_silent(self, name, rest):
        await self.hosts[name].send_frame(rest.encode())

    async def _do_eof(self, name, rest):
        await self.hosts[name].close()

    async def _do_js(self, name, rest):
        if not self.page:
            raise ShellError("js needs the page: senso page")
        self.out(self._json(await self.page.evaluate(rest)))

    async def _unchecked(self, name, message):
        self._sent += 1
        body = {"jsonrpc": "2.0", "id": f"s{self._sent}", **message}
        await self.hosts[name].send_frame(body)
        return body

    async def _message(self, name, text):
        try:
            message = json.loads(text)
        except ValueError as error:
            raise ShellError(f"no JSON: {error}; to send it anyway: raw TEXT") from error
        body = await self._unchecked(name, message)
        if self.waiting:
            await self.hosts[name].reply(id=body["id"])

    async def _request(self, name, method, text):
        params = parse_params(text)
        if method == "hello" and not params:
            params = HELLO
        if self.waiting:
            try:
                await self.hosts[name].call(method, **params)
            except RpcError as error:
                raise ShellError(str(error)) from error
        else:
            await self._unchecked(name, {"method": method, "params": params})

    async def end(self):
        """EOF to every host; the worst exit status."""
        worst = 0
        for name, host in self.hosts.items():
            status = await host.close()
            if len(self.hosts) > 1 or status:
                self.out(f"{name} ended with status {status}")
            worst = max(worst, abs(status or 0))
        return worst


async def interactive(shell):
    """Lines from stdin until its end; the exit status."""
    loop = asyncio.get_running_loop()
    lines = asyncio.Queue()
    live = sys.stdin.isatty()

    def read():
        if live:
            import readline  # noqa: F401  line editing and history for input()
            print("help lists what may be typed; Ctrl-D ends", file=sys.stderr)
        while True:
            try:
                line = input("> ") if live else sys.stdin.readline()
            except EOFError:
                line = None
            if line is None or (not live and line == ""):
                loop.call_soon_threadsafe(lines.put_nowait, None)
                return
            loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        try:
            if not await shell.line(line):
                break
        except (ShellError, RpcError, AssertionError) as error:
            shell.out(f"? {error}")
        except Gone as error:
            shell.out(f"? {error}")
            return 1
    return await shell.end()


async def scripted(shell, path):
    """Runs a file of lines; stops at the first that fails."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            if not await shell.line(line):
                break
        except (ShellError, RpcError, AssertionError, Gone) as error:
            shell.out(f"{path}:{number}: {error}")
            for host in shell.hosts.values():
                host.kill()
            return 1
    return await shell.end()

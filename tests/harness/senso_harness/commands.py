"""The subcommands of tests/harness/senso: each takes the options and gives the exit status."""

import contextlib
import functools
import sys

from .browser import PageHost
from .host import Host, binary_path
from .in_browser import in_browser
from .peer import connect
from .shell import Shell, interactive, scripted
from .thumbnails import thumbnails
from .transcript import Mismatch, replay as replay_file

__all__ = ["browser", "page", "pair", "record", "repl", "replay", "script", "thumbnails"]

say = functools.partial(print, flush=True)


async def _hosts(options, names, transcript=None):
    hosts = {}
    for name in names:
        hosts[name] = await Host.start(options.host, name=name if len(names) > 1 else None,
                                       transcript=transcript)
    return hosts


def _names(options):
    return ("a", "b") if getattr(options, "pair", False) else ("host",)


async def browser(options):
    options.host = binary_path(options.host)
    return await in_browser(options, say)


async def repl(options):
    shell = Shell(await _hosts(options, ("host",)), say, waiting=False)
    return await interactive(shell)


async def script(options):
    return await scripted(Shell(await _hosts(options, _names(options)), say), options.file)


async def record(options):
    with open(options.file, "w", encoding="utf-8") as transcript:
        shell = Shell(await _hosts(options, _names(options), transcript), say,
                      waiting=bool(options.script))
        if options.script:
            return await scripted(shell, options.script)
        return await interactive(shell)


async def replay(options):
    status = 0
    for file in options.files:
        try:
            say(f"{file}: {await replay_file(file, options.host)} messages as recorded")
        except Mismatch as error:
            say(f"{file}: {error}")
            status = 1
    return status


async def pair(options):
    shell = Shell(await _hosts(options, ("a", "b")), say, waiting=False)
    for host in shell.hosts.values():
        await host.hello()
    link = await connect(*shell.hosts.values(), *options.labels)
    _announce(link)
    return await interactive(shell)


async def page(options):
    shell = Shell(await _hosts(options, ("host",)), say, waiting=False)
    host = shell.hosts["host"]
    shell.page = await PageHost.start(mdns=options.mdns)
    try:
        await host.hello()
        link = await connect(host, shell.page, *options.labels, configuration={}, timeout=20)
        _announce(link)
        with _heard(shell.page):
            return await interactive(shell)
    except AssertionError as error:
        say(f"senso: {error}\nA page never uses 127.0.0.1: the machine needs another address.",
            file=sys.stderr)
        host.kill()
        return 1
    finally:
        await shell.page.close()


@contextlib.contextmanager
def _heard(page_host):
    """Shows what the page gets."""
    offs = [page_host.on(f"channel.{name}", functools.partial(
        lambda name, params: say(f"page * channel.{name} {str(params)[:200]}"), name))
        for name in ("open", "message", "closed", "error")]
    try:
        yield
    finally:
        for off in offs:
            off()


def _announce(link):
    for label, channel in link.channels_a.items():
        other = link.channels_b[label]
        say(f"# connected: {label} is channel {channel.number} here, {other.number} there")

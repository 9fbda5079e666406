"""A school: a pupil's machine, the school's router, its provider's, and the internet that Senso's services are on."""

import contextlib
import ctypes
import json
import os
import pathlib
import select
import signal
import subprocess
import sys

from . import coturn, machines, servers
from .pki import Authority

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]

RESOLVER, RESOLVER2 = "203.0.113.53", "203.0.113.54"
FRONT, STORE, OTHER, TURN, TURN2 = (f"203.0.113.{n}" for n in (20, 21, 22, 30, 31))
FILTER_PAGE = "203.0.113.66"
NAMES = {"front.senso.test": FRONT, "store.senso.test": STORE, "other.example.test": OTHER, "turn.senso.test": TURN,
         "turn2.senso.test": TURN2}
ROUTER, PUPIL = "10.9.0.1", "10.9.0.2"
NAT = "chain out { type nat hook postrouting priority 100; oifname wan masquerade; }"
RANDOM_NAT = "chain out { type nat hook postrouting priority 100; oifname wan masquerade fully-random; }"
RELAYED = (50000, 50007)

SERVICES = {
    "version": 1, "relayPorts": [49152, 65535],
    "services": [
        {"id": "front", "hosts": ["front.senso.test"], "checks": [{"kind": "https", "port": 443, "path": "/"},
                                                                  {"kind": "wss", "port": 443, "path": "/ws"}]},
        {"id": "store", "hosts": ["store.senso.test"], "checks": [
            {"kind": "https", "port": 443, "path": "/"},
            {"kind": "download", "port": 443, "path": "/f", "sha256": servers.FILE_SHA256}]},
        {"id": "other", "hosts": ["other.example.test"], "checks": [{"kind": "https", "port": 443, "path": "/"}]},
        {"id": "turn", "hosts": ["turn.senso.test"], "checks": [
            {"kind": "stun", "port": 3478}, {"kind": "stun", "port": 443},
            {"kind": "turn", "port": 3478, "transport": "udp", "username": coturn.USER, "credential": coturn.PASSWORD},
            {"kind": "turn", "port": 443, "transport": "udp"}, {"kind": "turn", "port": 3478, "transport": "tcp"},
            {"kind": "turn", "port": 443, "transport": "tls"}, {"kind": "dtls", "port": 443}]},
        {"id": "turn2", "hosts": ["turn2.senso.test"], "checks": [{"kind": "stun", "port": 3478}]},
    ],
}


def six(address):
    """Its IPv6 address beside."""
    return "2001:db8:9::" + address.rsplit(".", 1)[1]


def helper():
    return os.environ.get("SENSO_PROXY_HELPER") or str(ROOT / "build/release/proxy-helper/senso-proxy-helper")


def why_not():
    if not pathlib.Path(helper()).exists():
        return f"{helper()} is not built"
    return machines.why_not() or coturn.why_not()


class Pki:
    """Made once: what counts as public, and what a school's machines trust besides."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root = Authority("A Public Root", "Public Trust")
        self.public = Authority("A Public Issuer", "Public Trust", self.root)
        self.roots = self.folder / "public.pem"
        self.roots.write_text(self.root.pem)
        self.good = {host: self.public.leaf(folder, host) for host in NAMES}


class School:
    """What a scenario changes before the servers start: `zone`, `hosts` (ways of servers.Web), `certificates`, `rules` of the
    router, `services`, `trusted`. `box` and `run` start programs on the router."""

    def __init__(self, site, pki, folder):
        self.site, self.pki, self.folder = site, pki, pathlib.Path(folder)
        self.zone, self.zone2 = dict(NAMES), None
        self.ways = {host: {} for host in NAMES}
        self.certificates = dict(pki.good)
        self.services = json.loads(json.dumps(SERVICES))
        self.trusted, self.nat, self.rules = [], NAT, []
        self.extra_hosts, self.options, self.environment = [], ["--no-proxy"], {}
        self.resolvers, self.prefix, self.six = [RESOLVER], (), False
        self.stack = contextlib.ExitStack()
        self.after = []
        self.internet, self.isp, self.router, self.pupil = (site.machine(n) for n in ("internet", "isp", "router", "pupil"))
        self.wire()

    def wire(self):
        for machine in (self.internet, self.isp, self.router):
            machine.write("/proc/sys/net/ipv4/ip_forward", "1")
        addresses = (RESOLVER, RESOLVER2, *NAMES.values(), FILTER_PAGE)
        for address in addresses:
            self.internet.ip("addr", "add", f"{address}/32", "dev", "lo")
        self.link(self.internet, "isp", "198.18.1.1", self.isp, "core", "198.18.1.2")
        self.link(self.isp, "school", "198.51.100.1", self.router, "wan", "198.51.100.2")
        self.link(self.router, "lan", ROUTER, self.pupil, "net0", PUPIL)
        self.router.ip("route", "add", "default", "via", "198.51.100.1")
        self.pupil.ip("route", "add", "default", "via", ROUTER)
        self.isp.ip("route", "add", "default", "via", "198.18.1.1")
        self.internet.ip("route", "add", "198.51.100.0/24", "via", "198.18.1.2")
        # What has no route vanishes.
        self.internet.ip("route", "add", "blackhole", "192.0.2.0/24")

    def link(self, one, port, address, other, other_port, other_address):
        self.site.cable(one, port, other, other_port)
        self.address(one, port, address)
        self.address(other, other_port, other_address)

    @staticmethod
    def address(machine, port, address):
        machine.ip("addr", "add", f"{address}/24", "dev", port)
        machine.ip("link", "set", port, "up")

    # --- what scenarios say ---

    def delay(self, milliseconds):
        """The round trip between the school and the internet."""
        self.router.ip("link", "del", "wan")
        self.program(self.router, [sys.executable, str(HERE / "delay.py"), str(milliseconds // 2), str(self.isp.holder.pid),
                                   "school", str(self.router.holder.pid), "wan"], "ready")
        self.address(self.isp, "school", "198.51.100.1")
        self.address(self.router, "wan", "198.51.100.2")
        self.router.ip("route", "add", "default", "via", "198.51.100.1")

    def forward(self, *rules):
        """Rules for what is routed."""
        self.rules.append("chain pass" + str(len(self.rules)) + " { type filter hook forward priority 0; " +
                          "; ".join(rules) + "; }")

    def chain(self, text):
        self.rules.append(text)

    def program(self, machine, command, ready, **more):
        """Runs for as long as the scenario; says the bytes of `ready` in a line when it does."""
        process = subprocess.Popen([*machine.inside, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, stdin=subprocess.DEVNULL, start_new_session=True, **more)
        self.stack.callback(self.end, process)
        said = []
        while ready:
            line = process.stdout.readline()
            said.append(line)
            if not line:
                raise RuntimeError(f"{command[0]} ended: " + "".join(said[-20:]))
            if ready in line:
                break
        return process

    @staticmethod
    @contextlib.contextmanager
    def written(folder, name, patience=20):
        """What is started within is ready once it has written this file, and closed it."""
        libc = ctypes.CDLL(None, use_errno=True)
        watch = libc.inotify_init1(os.O_CLOEXEC)
        try:
            if libc.inotify_add_watch(watch, os.fsencode(folder), 0x8) < 0:  # IN_CLOSE_WRITE
                raise OSError(ctypes.get_errno(), str(folder))
            yield
            names = set()
            while name not in names:
                if not select.select([watch], [], [], patience)[0]:
                    raise RuntimeError(f"{folder}/{name} is not written")
                names |= {os.fsdecode(part) for part in os.read(watch, 65536).split(b"\0") if part}
                names |= {entry.name for entry in os.scandir(folder) if entry.name == name and entry.stat().st_size > 0}
        finally:
            os.close(watch)

    def knowing_names(self, resolver=RESOLVER):
        """What stands before a command, so that it asks the internet's resolver."""
        resolv = self.folder / "router-resolv.conf"
        resolv.write_text(f"nameserver {resolver}\n")
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$(realpath /etc/resolv.conf)" && exec "$@"', str(resolv)]

    @staticmethod
    def end(process):
        """It, and what it has started: sslsplit and squid have helpers of their own."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()

    def later(self, start):
        """Runs once the internet is there."""
        self.after.append(start)

    def box(self, at=None, **settings):
        """On the router, or on another machine."""
        self.later(lambda: self.program(at or self.router, [sys.executable, str(HERE / "boxes.py"), json.dumps(settings)], "ready"))

    # --- going ---

    def only_ipv6(self):
        """The pupil has no IPv4, and the services have IPv6 besides."""
        self.six = True
        for address in (RESOLVER, *NAMES.values()):
            self.internet.ip("addr", "add", f"{six(address)}/128", "dev", "lo", "nodad")
        for machine, port, own in ((self.internet, "isp", "2001:db8:1::1"), (self.isp, "core", "2001:db8:1::2"),
                                   (self.isp, "school", "2001:db8:2::1"), (self.router, "wan", "2001:db8:2::2"),
                                   (self.router, "lan", "2001:db8:3::1"), (self.pupil, "net0", "2001:db8:3::2")):
            machine.ip("addr", "add", f"{own}/64", "dev", port, "nodad")
            machine.ip("addr", "add", f"fe80::{own.rsplit(':', 1)[1]}/64", "dev", port, "nodad")
        for machine in (self.internet, self.isp, self.router):
            machine.write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
        for machine, to, via in ((self.isp, "2001:db8:9::/64", "2001:db8:1::1"), (self.isp, "2001:db8:3::/64", "2001:db8:2::2"),
                                 (self.internet, "2001:db8::/32", "2001:db8:1::2"), (self.router, "default", "2001:db8:2::1"),
                                 (self.pupil, "default", "2001:db8:3::1")):
            machine.ip("-6", "route", "add", to, "via", via)
        self.pupil.ip("addr", "del", f"{PUPIL}/24", "dev", "net0")
        for host, address in list(self.zone.items()):
            self.zone[host] = f"{address} {six(address)}"
        self.resolvers = [six(RESOLVER)]

    def start(self):
        hosts = [{"address": NAMES[host], "certificate": self.certificates[host], "ways": self.ways[host]}
                 for host in NAMES if not host.startswith("turn")] + self.extra_hosts
        hosts += [dict(host, address=six(host["address"])) for host in hosts if self.six]
        more = ("--listening-ip", six(TURN), "--relay-ip", six(TURN)) if self.six else ()
        more2 = ("--listening-ip", six(TURN2), "--relay-ip", six(TURN2)) if self.six else ()
        settings = {"resolvers": {RESOLVER: self.zone, RESOLVER2: self.zone2 or self.zone}, "hosts": hosts}
        if self.six:
            settings["resolvers"][six(RESOLVER)] = self.zone
        self.program(self.internet, [sys.executable, str(HERE / "servers.py"), json.dumps(settings)], "ready")
        keys = (None, *self.certificates["turn.senso.test"])
        ports = ("--min-port", str(RELAYED[0]), "--max-port", str(RELAYED[1]))
        self.stack.enter_context(coturn.coturn(TURN, 3478, 443, self.internet.inside, ports + more, keys))
        self.stack.enter_context(coturn.coturn(TURN2, 3478, 5349, self.internet.inside, more2))
        table = "\n".join(("flush ruleset", "table inet router {", self.nat, *self.rules, "}"))
        self.router.run("sh", "-c", 'echo "$1" | nft -f -', "sh", table)
        for start in self.after:
            start()

    def run(self, *options, timeout=40):
        """The helper at the pupil's machine, ended."""
        services, resolv, system = (self.folder / n for n in ("services.json", "resolv.conf", "system.pem"))
        services.write_text(json.dumps(self.services))
        resolv.write_text("".join(f"nameserver {r}\n" for r in self.resolvers))
        system.write_text("".join([self.pki.root.pem, *self.trusted]))
        command = [*self.pupil.inside, "unshare", "--mount", "sh", "-c",
                   'mount --bind "$0" "$(realpath /etc/resolv.conf)" && exec "$@"', str(resolv), *self.prefix, helper(), "check",
                   "--services", str(services), "--roots", str(self.pki.roots), *self.options, *options]
        environment = {"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(system), "SSL_CERT_DIR": "/nonexistent",
                       **self.environment}
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
        if not done.stdout:
            raise RuntimeError(f"no report, exit status {done.returncode}: {done.stderr}")
        return done

    def check(self, *options):
        """The report, the exit status, and what went to stderr."""
        done = self.run("--format", "json", *options)
        return json.loads(done.stdout), done.returncode, done.stderr

    def text(self):
        return self.run("--format", "text").stdout


@contextlib.contextmanager
def school(pki, folder):
    with machines.site() as site:
        made = School(site, pki, folder)
        with made.stack:
            yield made

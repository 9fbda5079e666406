"""A network of the test's own: two namespaces joined by a cable, nothing else reachable. Needs root."""

import contextlib
import itertools
import os
import re
import subprocess

numbers = itertools.count(1)


def ip(*args, check=True):
    return subprocess.run(["ip", *args], check=check, capture_output=True, text=True)


def sweep():
    """Removes the namespaces of test runs that were killed before they could."""
    for namespace in re.findall(r"^senso-\d+-\w+", ip("netns", check=False).stdout, re.MULTILINE):
        if not os.path.exists("/proc/" + namespace.split("-")[1]):
            ip("netns", "del", namespace, check=False)


class Lan:
    """`left` and `right`: two machines on one network segment, IPv4 and IPv6."""

    def __init__(self):
        number = next(numbers)
        self.left, self.right = (f"senso-{os.getpid()}-{side}{number}" for side in ("left", "right"))
        self.made = []

    def up(self):
        sweep()
        for namespace in (self.left, self.right):
            ip("netns", "add", namespace)
            self.made.append(namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("link", "add", "net0", "netns", self.left, "type", "veth",
           "peer", "name", "net0", "netns", self.right)
        for number, namespace in enumerate(self.made, 1):
            ip("-n", namespace, "link", "set", "net0", "addrgenmode", "none")
            ip("-n", namespace, "addr", "add", f"10.77.0.{number}/24", "dev", "net0")
            ip("-n", namespace, "addr", "add", f"fd77::{number}/64", "dev", "net0", "nodad")
            ip("-n", namespace, "link", "set", "net0", "up")
        for number, namespace in enumerate(self.made, 1):
            ip("-n", namespace, "route", "add", "default", "via", f"10.77.0.{3 - number}")
            ip("-n", namespace, "-6", "route", "add", "default", "via", f"fd77::{3 - number}")

    def down(self):
        for namespace in self.made:
            ip("netns", "del", namespace, check=False)
        self.made.clear()

    def inside(self, namespace):
        """The words before a command that run it there."""
        return ("ip", "netns", "exec", namespace)


@contextlib.contextmanager
def lan():
    network = Lan()
    try:
        network.up()
        yield network
    finally:
        network.down()


def why_not():
    """None if namespaces can be made, else the reason."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"senso-{os.getpid()}-probe"
    made = ip("netns", "add", probe, check=False)
    if made.returncode:
        return "no network namespaces here: " + made.stderr.strip()
    ip("netns", "del", probe)
    return None

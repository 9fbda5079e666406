"""A network of the test's own: two machines joined by a cable, nothing else reachable."""

import contextlib

from senso_lab import machines
from senso_lab.machines import why_not

__all__ = ["Lan", "lan", "why_not"]


class Lan:
    """`left` and `right`: two machines on one network segment, IPv4 and IPv6."""

    def __init__(self, site):
        self.left, self.right = site.machine("left"), site.machine("right")
        site.cable(self.left, "net0", self.right, "net0")
        sides = (self.left, self.right)
        for number, machine in enumerate(sides, 1):
            machine.ip("addr", "add", f"10.77.0.{number}/24", "dev", "net0")
            machine.ip("addr", "add", f"fd77::{number}/64", "dev", "net0", "nodad")
            machine.ip("link", "set", "net0", "up")
        for number, machine in enumerate(sides, 1):
            machine.ip("route", "add", "default", "via", f"10.77.0.{3 - number}")
            machine.ip("-6", "route", "add", "default", "via", f"fd77::{3 - number}")

    def inside(self, machine):
        """The words before a command that run it there."""
        return machine.inside


@contextlib.contextmanager
def lan():
    with machines.site() as site:
        yield Lan(site)

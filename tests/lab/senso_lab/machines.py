"""Machines of a test's own: network namespaces, joined by cables, with nothing else reachable.

A namespace lives as long as the process that holds it, and the holder as long as this one: nothing is left
behind by a run that is killed. Without root they live in a user namespace of their own, where the kernel has them.
"""

import contextlib
import copy
import os
import shutil
import subprocess

TOOLS = ("unshare", "nsenter", "ip")


def run(command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done


class Holder:
    """A process that keeps a namespace alive: it waits for the end of its input, which our own end brings."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command, "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        if self.process.stdout.readline() != b"\n":
            words = self.process.stderr.read().decode().strip()
            self.release()
            raise RuntimeError(words or "the namespace's process ended at once")
        self.pid = self.process.pid

    def release(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Machine:
    """One namespace. `inside` are the words before a command that run it there."""

    def __init__(self, site, name):
        self.name = name
        self.holder = Holder([*site.prefix, "unshare", "--net"])
        self.inside = (*site.prefix, "nsenter", f"--net=/proc/{self.holder.pid}/ns/net")
        self.ip("link", "set", "lo", "up")

    def run(self, *command, check=True):
        return run([*self.inside, *command], check)

    def ip(self, *words, check=True):
        return self.run("ip", *words, check=check)

    def write(self, path, text):
        """Sets a value under /proc/sys/net, which shows the reader's own namespace."""
        self.run("sh", "-c", 'printf %s "$1" >"$2"', "sh", text, path)


def knowing(names, machine):
    """The machine with a file of names and addresses in place of /etc/hosts, for what is started inside of it."""
    other = copy.copy(machine)
    mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
    other.inside = (*machine.inside, "unshare", "--mount", "sh", "-c", mount, str(names))
    return other


class Site:
    """The machines and cables of one test, taken down together."""

    def __init__(self):
        self.user = None
        self.prefix = ()
        self.machines = []
        if os.geteuid() != 0:
            self.user = Holder(["unshare", "--user", "--map-root-user"])
            self.prefix = ("nsenter", f"--user=/proc/{self.user.pid}/ns/user", "--preserve-credentials")

    def machine(self, name):
        made = Machine(self, name)
        self.machines.append(made)
        return made

    def cable(self, one, its_port, other, other_port):
        """An Ethernet cable between two machines; the ports are down and have no addresses."""
        one.ip("link", "add", its_port, "type", "veth", "peer", "name", other_port, "netns", str(other.holder.pid))
        for machine, port in ((one, its_port), (other, other_port)):
            machine.ip("link", "set", port, "addrgenmode", "none")

    def close(self):
        for machine in self.machines:
            machine.holder.release()
        if self.user:
            self.user.release()


@contextlib.contextmanager
def site():
    made = Site()
    try:
        yield made
    finally:
        made.close()


def why_not():
    """None if namespaces can be made and joined here, else the reason."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        return f"no {' and no '.join(missing)} here"
    try:
        with site() as probe:
            probe.cable(probe.machine("one"), "net0", probe.machine("other"), "net0")
    except RuntimeError as error:
        return f"no network namespaces here: {error}"
    return None

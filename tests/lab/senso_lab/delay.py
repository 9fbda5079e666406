"""A cable with a delay: a TUN device in each of two namespaces, and what goes into one comes out of the other later. Run as a
program: delay.py MILLISECONDS PID_ONE NAME_ONE PID_OTHER NAME_OTHER; says "ready". For kernels without netem."""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000


def enter(pid):
    with open(f"/proc/{pid}/ns/net") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def device(pid, name):
    enter(pid)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main():
    delay = int(sys.argv[1]) / 1000
    ends = device(sys.argv[2], sys.argv[3]), device(sys.argv[4], sys.argv[5])
    waiting = collections.deque()  # (when, to, packet): all wait equally long
    print("ready", flush=True)
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for fd in select.select(ends, (), (), timeout)[0]:
            other = ends[1] if fd == ends[0] else ends[0]
            try:
                while True:
                    waiting.append((time.monotonic() + delay, other, os.read(fd, 65536)))
            except BlockingIOError:
                pass
        while waiting and waiting[0][0] <= time.monotonic():
            _, to, packet = waiting.popleft()
            try:
                os.write(to, packet)
            except OSError:
                pass  # a full queue, or an interface that is down: lost


if __name__ == "__main__":
    main()

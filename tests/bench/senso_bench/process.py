"""What the kernel knows of a process."""

import os

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all its threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_kb(pid):
    """(RSS, private dirty)."""
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        for line in rollup:
            words = line.split()
            found[words[0]] = words[1]
    return int(found["Rss:"]), int(found["Private_Dirty:"])


def spread(samples, unit, scale=1.0):
    """Median, p90 and p99, named in the unit."""
    ordered = sorted(samples)
    at = lambda part: round(ordered[min(int(len(ordered) * part), len(ordered) - 1)] * scale, 3)  # noqa: E731
    return {f"median_{unit}": at(0.5), f"p90_{unit}": at(0.9), f"p99_{unit}": at(0.99),
            "samples": len(ordered)}

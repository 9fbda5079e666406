"""The command line of tests/run, and its report."""

import argparse
import os
import sys
import time

from .sections import SECTIONS, Context
from .tally import Tally


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/run", description="Builds and tests everything.",
        epilog="sections: " + ", ".join(s.name for s in SECTIONS))
    parser.add_argument("--quick", action="store_true",
                        help="without the clang build, browsers, other implementations, slow tests")
    parser.add_argument("--only", action="append", metavar="SECTION",
                        choices=[s.name for s in SECTIONS],
                        help="this section and the builds it needs; may be given again")
    parser.add_argument("--packages-seconds", type=float, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(options):
    if not options.only:
        return [s for s in SECTIONS if not (options.quick and s.slow)]
    wanted = set(options.only)
    for section in reversed(SECTIONS):
        if section.name in wanted:
            wanted.update(section.needs)
    return [s for s in SECTIONS if s.name in wanted]


def processor():
    """Seconds of processor time of everything that ran and ended."""
    times = os.times()
    return times.children_user + times.children_system


def main():
    options = arguments()
    context = Context(options.quick)
    rows = [("packages", options.packages_seconds, processor(), Tally())]
    broken = set()
    for section in chosen(options):
        started, spent = time.monotonic(), processor()
        print(f"== {section.name}", flush=True)
        lacking = broken.intersection(section.needs)
        if lacking:
            why = f"not run: {', '.join(sorted(lacking))} failed"
            tally = Tally(failures=[(section.name, why)])
        else:
            tally = section.run(context)
        if tally.failures and section.build:
            broken.add(section.name)
        for name, text in tally.failures:
            print(f"FAILED {name}\n{text}", flush=True)
        rows.append((section.name, time.monotonic() - started, processor() - spent, tally))
    return report(rows)


def report(rows):
    total = Tally()
    print(f"\n{'section':16}{'seconds':>9}{'cpu':>9}{'passed':>9}{'failed':>9}{'skipped':>9}")
    for name, seconds, cpu, tally in rows:
        print(f"{name:16}{seconds:9.1f}{cpu:9.1f}{tally.passed:9}{tally.failed:9}{tally.skipped:9}")
        total.add(tally)
    print(f"{'all':16}{sum(r[1] for r in rows):9.1f}{sum(r[2] for r in rows):9.1f}")
    if total.skips:
        print("\nskipped:")
        for reason, count in sorted(total.reasons().items()):
            print(f"  {count} x {reason}")
    if total.failures:
        print("\nfailed:")
        for name, _ in total.failures:
            print(f"  {name}")
    print(f"\n{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

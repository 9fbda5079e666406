"""Counts of tests, and how to read them from what the test programs leave."""

import collections
import dataclasses
import re
import xml.etree.ElementTree

LONGEST = 6000  # characters shown of one failure
CMOCKA = re.compile(r"^\[\s+(PASSED|FAILED|SKIPPED)\s+\] (\d+) test\(s\)", re.M)


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)  # (name, text)
    skips: list = dataclasses.field(default_factory=list)     # (name, reason)

    @property
    def failed(self):
        return len(self.failures)

    @property
    def skipped(self):
        return len(self.skips)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips

    def reasons(self):
        return collections.Counter(reason for _, reason in self.skips)


def shortened(text):
    return text if len(text) <= LONGEST else f"{text[:1000]}\n[...]\n{text[-(LONGEST - 1000):]}"


def _cases(path):
    return xml.etree.ElementTree.parse(path).iter("testcase")


def from_pytest(path):
    """The tally of a JUnit file of pytest's."""
    tally = Tally()
    for case in _cases(path):
        name = f"{case.get('classname')}::{case.get('name')}"
        wrong = [e for kind in ("failure", "error") for e in case.findall(kind)]
        skip = case.find("skipped")
        if wrong:
            tally.failures.append((name, shortened("\n".join(e.text or e.get("message", "")
                                                             for e in wrong))))
        elif skip is not None:
            tally.skips.append((name, skip.get("message") or "no reason given"))
        else:
            tally.passed += 1
    return tally


def from_ctest(path):
    """The tally of a JUnit file of ctest's; a cmocka program counts each of its tests."""
    tally = Tally()
    for case in _cases(path):
        name = case.get("name")
        output = case.findtext("system-out") or ""
        counts = collections.Counter()
        for kind, count in CMOCKA.findall(output):
            counts[kind] += int(count)
        if case.get("status") == "run" and case.find("failure") is None:
            tally.passed += counts["PASSED"] or 1
            tally.skips += [(name, f"skipped by {name}")] * counts["SKIPPED"]
        elif case.get("status") in ("notrun", "disabled"):
            tally.failures.append((name, "not run"))
        else:
            tally.passed += counts["PASSED"]
            why = case.find("failure").get("message") if case.find("failure") is not None else None
            text = f"{why or 'failed'} after {case.get('time')} s\n{shortened(output)}"
            tally.failures += [(name, text)] + [(f"{name} (more)", "see above")] * (
                max(counts["FAILED"], 1) - 1)
    return tally

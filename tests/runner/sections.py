"""What tests/run does, in order."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import time
import typing

from .tally import Tally, from_ctest, from_pytest, shortened

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
PYTHON = "/usr/bin/python3"
RELEASE = ROOT / "build" / "release" / "host" / "senso-host"
ASAN = ROOT / "build" / "asan" / "host" / "senso-host"
HELPER = ROOT / "build" / "asan" / "proxy-helper" / "senso-proxy-helper"

# Colours and progress bars do not belong in a log; a sanitizer's finding ends the program.
ENVIRONMENT = {
    "CI": "true", "CLICOLOR": "0", "NINJA_STATUS": "", "PYTHONDONTWRITEBYTECODE": "1",
    "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "npm_config_fund": "false", "npm_config_audit": "false", "npm_config_progress": "false",
}


@dataclasses.dataclass
class Context:
    quick: bool


@dataclasses.dataclass
class Section:
    name: str
    run: typing.Callable
    needs: tuple = ()
    build: bool = False  # others need what it makes
    slow: bool = False   # left out by --quick


def execute(name, command, seconds, env=None):
    """Runs a command with its output in a log; (exit status, output, None or why it was ended)."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{name}.log"
    started = time.monotonic()
    with open(path, "wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT, **(env or {})}, start_new_session=True)
        try:
            status, why = process.wait(seconds), None
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            status, why = process.wait(), f"ended after {time.monotonic() - started:.0f} s"
    return status, path.read_text(errors="replace"), why


def steps(name, *commands, seconds=600, env=None):
    """One test: every command succeeds."""
    for number, command in enumerate(commands):
        status, output, why = execute(f"{name}-{number}", [str(c) for c in command], seconds, env)
        if status != 0:
            head = f"{' '.join(map(str, command))}: {why or f'exit status {status}'}"
            return Tally(failures=[(name, f"{head}\n{shortened(output)}")])
    return Tally(passed=1)


def build(preset):
    def run(context):
        return steps(f"build-{preset}", ["cmake", "--preset", preset],
                     ["cmake", "--build", "--preset", preset, "--", "--quiet"], seconds=900)
    return run


def install_npm(context):
    """Installs what package.json of a suite asks for, unless it is there already."""
    tally = Tally()
    for package in sorted(ROOT.glob("tests/*/package.json")):
        folder = package.parent
        lock = folder / "package-lock.json"
        stamp = folder / "node_modules" / ".package-lock.json"
        newest = max(p.stat().st_mtime for p in (package, lock) if p.exists())
        if stamp.exists() and stamp.stat().st_mtime >= newest:
            tally.passed += 1
            continue
        if not shutil.which("npm"):
            tally.skips.append((f"npm {folder.name}", "no npm"))
            continue
        verb = "ci" if lock.exists() else "install"
        made = steps(f"npm-{folder.name}", ["npm", verb, "--prefix", folder], seconds=300)
        for name, text in made.failures:  # what needs it says so; the rest of the suite runs
            words = [line for line in text.splitlines() if "ERR!" in line or "npm error" in line]
            made = Tally(skips=[(name, f"npm {verb}: {' '.join(words[:2]) or text[:200]}")])
        tally.add(made)
    return tally


def ctest(name, preset, *more):
    """What ctest runs of a build."""
    report = LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    status, output, why = execute(
        name, ["ctest", "--test-dir", f"build/{preset}", "-j", "2", "--timeout", "600",
               "--output-junit", str(report), "--test-output-size-passed", "4000000",
               "--test-output-size-failed", "4000000", "--no-tests=error", *more], 1200)
    return judged(name, report, from_ctest, status, output, why)


def unit(context):
    return ctest("unit", "asan")


def arm64(context):
    """The cross build, and its unit tests and corpora under qemu-user."""
    lacking = [c for c in ("aarch64-linux-gnu-gcc", "qemu-aarch64") if not shutil.which(c)]
    if lacking:
        return Tally(skips=[("arm64", f"no {' and no '.join(lacking)}: see packaging/packages.arm64")])
    tally = build("arm64")(context)
    if not tally.failures:
        tally.add(ctest("arm64", "arm64", "--tests-regex", "^(unit|replay)_"))
    return tally


def judged(name, report, read, status, output, why):
    """The tally of a report; a run that left none, or ended badly without a failure, is one."""
    tally = read(report) if report.exists() and not why else Tally()
    if why or not report.exists() or (status not in (0, 5) and not tally.failures):
        tally.failures.append((name, f"{why or f'exit status {status}'}\n{shortened(output)}"))
    return tally


def suite(folder, host, seconds, **env):
    """A folder of pytest files, if it is there."""
    def run(context):
        path = ROOT / "tests" / folder
        if not any(path.rglob("test_*.py")):
            return Tally(skips=[(folder, f"no tests in tests/{folder}")])
        report = LOGS / f"{folder}.xml"
        report.unlink(missing_ok=True)
        command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                   str(path)]
        if context.quick:
            command += ["-m", "not slow"]
        both = {"SENSO_HOST": str(host), "SENSO_HOST_RELEASE": str(RELEASE), "SENSO_PROXY_HELPER": str(HELPER), **env}
        status, output, why = execute(folder, command, seconds, both)
        return judged(folder, report, from_pytest, status, output, why)
    return run


def script(name, seconds=600):
    """A program tests/NAME, one test."""
    def run(context):
        path = ROOT / "tests" / name
        if not path.exists():
            return Tally(skips=[(name, f"no tests/{name}")])
        return steps(name, [path], seconds=seconds)
    return run


SECTIONS = [
    Section("npm", install_npm, slow=True),
    Section("build-release", build("release"), build=True),
    Section("build-clang", build("clang"), build=True, slow=True),
    Section("build-asan", build("asan"), build=True),
    Section("layering", script("layering")),
    Section("lint", script("lint", seconds=900), needs=("build-release",)),
    Section("unit", unit, needs=("build-asan",)),
    Section("arm64", arm64, slow=True),
    Section("rpc", suite("rpc", ASAN, 600), needs=("build-release", "build-asan")),
    Section("harness", suite("harness", RELEASE, 300), needs=("build-release",)),
    Section("interop", suite("interop", RELEASE, 700), needs=("npm", "build-release"), slow=True),
    Section("browser", suite("browser", RELEASE, 300), needs=("build-release",), slow=True),
    Section("extension", suite("extension", RELEASE, 600), needs=("npm", "build-release"), slow=True),
    Section("lab", suite("lab", RELEASE, 1200), needs=("build-release", "build-asan"), slow=True),
]

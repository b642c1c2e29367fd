"""Set up .venv and run Muybridge in it; needs nothing but Python 3.11 and the network.

    python3 make.py demo [OPTIONS]   two puppets exchange their motion; the options are those of `muybridge demo`
    python3 make.py test [OPTIONS]   lint, format, types, tests; the options are those of pytest
    python3 make.py setup            only the first part

The packages are those of requirements.txt, for tests those of requirements-dev.txt too; they are installed anew only
where these files have changed.
"""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
RUNNING = ("requirements.txt",)
TESTING = ("requirements.txt", "requirements-dev.txt")
OLDEST = (3, 11)


def fingerprint(files: tuple[str, ...]) -> str:
    """What an installation of these files depends on, as one hash."""
    parts = [sys.version.encode(), str(ROOT).encode()]
    for name in (*files, "pyproject.toml"):
        parts.append((ROOT / name).read_bytes())

    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def setup(files: tuple[str, ...]) -> None:
    """Make .venv as these files say, unless it already is; one made for the tests also runs everything else."""
    for known in {files, TESTING}:
        stamp = VENV / f"installed-{known[-1]}"
        if stamp.is_file() and stamp.read_text() == fingerprint(known):
            return

    print("Setting up .venv: a few minutes, once.", flush=True)
    stamp = VENV / f"installed-{files[-1]}"
    runs = VENV / f"installed-{RUNNING[-1]}"
    if not (runs.is_file() and runs.read_text() == fingerprint(RUNNING)):
        venv.create(VENV, clear=True, with_pip=True)

    pip = ("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for name in files:
        run(*pip, "-r", name)
    run(*pip, "--no-deps", "--editable", ".")
    stamp.write_text(fingerprint(files))


def demo(options: list[str]) -> None:
    """The whole job on two puppets."""
    run("muybridge", "demo", *options)


def test(options: list[str]) -> None:
    """All that has to pass before a change goes in."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("pytest", "--numprocesses", "auto", "--dist", "worksteal", *options)


def run(command: str, *arguments: str) -> None:
    """Run a program of .venv in the repository; where it fails, end with its exit code."""
    # Programs that were started from another environment must not see it.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    environment |= {"VIRTUAL_ENV": str(VENV), "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        code = subprocess.run([str(BIN / command), *arguments], cwd=ROOT, env=environment, check=False).returncode
    except KeyboardInterrupt:
        code = 130
    if code:
        sys.exit(code)


VERBS: dict[str, tuple[tuple[str, ...], Callable[[list[str]], None]]] = {
    "demo": (RUNNING, demo),
    "test": (TESTING, test),
    "setup": (RUNNING, lambda _: None),
}
"""Name -> the packages that it needs, and what it does."""


def main() -> None:
    """Do what the first argument says."""
    if sys.version_info < OLDEST:
        sys.exit(f"Muybridge needs Python {'.'.join(map(str, OLDEST))} or newer; this is {sys.version.split()[0]}.")
    verb, *options = sys.argv[1:] or ["--help"]
    if verb not in VERBS:
        print(__doc__)
        sys.exit(0 if verb in ("-h", "--help", "help") else 2)
    files, act = VERBS[verb]
    setup(files)
    act(options)


if __name__ == "__main__":
    main()

"""Runs benchmarks/bench_*.py one after another, each in a process of its own, so that none warms another's caches.

An argument picks those whose name contains it. A benchmark is a module with `main() -> None` that prints its ratios and
raises AssertionError (or exits) where it misses its figure; the others still run, and the exit code is 1.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def names(wanted: list[str], folder: Path = FOLDER) -> list[str]:
    """The benchmarks whose name contains one of the words, all of them without a word, in order."""
    every = sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    return [name for name in every if not wanted or any(word in name for word in wanted)]


def main() -> int:
    """Run what is asked for; 0 if each ended well."""
    chosen = names(sys.argv[1:])
    if not chosen:
        print("no such benchmark; there are:", ", ".join(names([])) or "none yet", file=sys.stderr)
        return 2 if sys.argv[1:] else 0
    failed = []
    for name in chosen:
        print(f"\n=== {name}", flush=True)
        call = f"from benchmarks.bench_{name} import main; main()"
        if subprocess.run([sys.executable, "-c", call], cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print("\nmissed or broken:", ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

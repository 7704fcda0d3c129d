"""Writes requirements.lock (what runs), requirements-dev.lock (what builds and tests) and requirements-spark.lock (what
the engine's `spark://` side needs beside either): `make locks`.

The pins are for every supported Python and system at once, and name packages only, never where they came from.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS: dict[str, list[str]] = {
    "requirements-dev.lock": ["--extra", "postgresql", "--group", "dev"],
    "requirements.lock": ["--extra", "postgresql", "--constraint", "requirements-dev.lock"],
    "requirements-spark.lock": ["--extra", "spark", "--constraint", "requirements-dev.lock"],
}
HEAD = "# Written by `make locks` from pyproject.toml; do not edit.\n"


def main() -> None:
    """Resolve afresh; a pin that is in the old lock stays where it still fits."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        for name, options in LOCKS.items():
            command = [f"{folder}/bin/uv", "pip", "compile", "pyproject.toml", "--universal"]
            command += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links"]
            command += ["--no-annotate", "--no-header", "--quiet", "--output-file", name, *options]
            subprocess.run(command, cwd=ROOT, check=True)
            body = (ROOT / name).read_text("utf-8").replace(HEAD, "")
            (ROOT / name).write_text(HEAD + body, "utf-8")
    spark = ROOT / "requirements-spark.lock"
    ours = set((ROOT / "requirements.lock").read_text("utf-8").splitlines()) - {HEAD.strip()}
    own = [line for line in spark.read_text("utf-8").splitlines(keepends=True) if line.strip() not in ours]
    spark.write_text("".join(own), "utf-8")


if __name__ == "__main__":
    main()

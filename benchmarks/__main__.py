"""``python -m benchmarks [NAME ...] [--json PATH]``; see the package's own text."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from benchmarks.report import Report

_ALL = "imports calls proxy adapters download notebook batches gallery engine watching ledger"
NAMES = [name for name in _ALL.split() if find_spec(f"benchmarks.bench_{name}")]


def main() -> int:
    """Run what was asked for, print each table as it is ready, and tell what was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="soravid beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; none: all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there, too")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")

    reports: dict[str, Report] = {}
    for name in options.names or NAMES:
        begin = time.monotonic()
        benchmark = importlib.import_module(f"benchmarks.bench_{name}")
        if hasattr(benchmark, "run"):
            reports[name] = benchmark.run()
            print(reports[name].text())
        else:
            print(name)
            benchmark.main()  # prints its own figures, without targets
        print(f"  ({time.monotonic() - begin:.0f} s)\n", flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        machine = {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()}
        tables = {name: report.as_json() for name, report in reports.items()}
        options.json.write_text(json.dumps({"machine": machine, "benchmarks": tables}, indent=1) + "\n")
    missed = [f"{name}: {row.what}" for name, report in reports.items() for row in report.missed]
    print("Missed: " + "; ".join(missed) if missed else "Every target that was measured is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a process takes, itself or another. Imports next to nothing, so that it changes nothing."""

import os


def rss_mb(process: int | str = "self") -> float:
    """What the process holds now."""
    return _status(process, "VmRSS")


def peak_mb(process: int | str = "self") -> float:
    """The most that it has held since it began, or since ``forget_peak``."""
    return _status(process, "VmHWM")


def forget_peak(process: int | str = "self") -> None:
    """Begin a new peak from what the process holds now."""
    with open(f"/proc/{process}/clear_refs", "w") as file:  # noqa: PTH123 - pathlib would be an import
        file.write("5")


def processor_s(process: int | str = "self") -> float:
    """Seconds of processor time that the process has used, of all its threads."""
    with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(process: int | str, name: str) -> float:
    # Not resource.getrusage: its maximum is inherited from the process that started this one.
    with open(f"/proc/{process}/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024 / 1e6
    raise OSError(name)

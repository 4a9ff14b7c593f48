"""What a process knows of its own memory. Imports nothing, so that it changes nothing that it measures."""


def rss_mb() -> float:
    """What the process holds now."""
    return _status("VmRSS")


def peak_mb() -> float:
    """The most that it has held since it began, or since ``forget_peak``."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Begin a new peak from what the process holds now."""
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 - pathlib would be an import
        file.write("5")


def _status(name: str) -> float:
    # Not resource.getrusage: its maximum is inherited from the process that started this one.
    with open("/proc/self/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024 / 1e6
    raise OSError(name)

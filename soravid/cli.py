"""The command line: ``soravid generate | models | jobs | spend | ledger | proxy | keys | doctor ...``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

from soravid import __version__
from soravid.abilities import add_filters
from soravid.errors import InvalidRequest, MissingExtra, SoravidError
from soravid.proxy.commands import add_commands


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 1 if a job failed, 2 for a mistake, 130 when interrupted."""
    args = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        done: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left early: no complaint
        return 0
    except SoravidError as wrong:
        print(f"soravid: {wrong}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nsoravid: stopped waiting; the job goes on. Go on with: soravid jobs resume", file=sys.stderr)
        return 130
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="soravid", description="AI video from your own machine or account.")
    parser.add_argument("--version", action="version", version=f"soravid {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    make = commands.add_parser("generate", help="make a clip and wait for it", description=_generate.__doc__)
    make.add_argument("prompt", help="what the clip should show; - reads it from standard input")
    make.add_argument("-m", "--model", help="provider/model (default: SORAVID_MODEL, else local/animatic)")
    make.add_argument("-s", "--seconds", help="duration in seconds")
    make.add_argument("-z", "--size", help="WIDTHxHEIGHT in pixels")
    make.add_argument("-r", "--reference", metavar="IMAGE", help="a picture: path or URL")
    make.add_argument("--last-frame", metavar="IMAGE", help="the picture that the clip ends on")
    make.add_argument(
        "--also", action="append", metavar="IMAGE", help="a picture of what it shows; may be repeated"
    )
    make.add_argument("--fit", choices=("cover", "contain"), help="make a picture of another size fit")
    make.add_argument("--aspect", metavar="W:H", help="the shape instead of the size, such as 16:9")
    make.add_argument(
        "--resolution", metavar="CLASS", help="the class instead of the size, such as 720p or 4k"
    )
    make.add_argument("--audio", action=argparse.BooleanOptionalAction, help="with sound, or without")
    make.add_argument("--negative", metavar="TEXT", help="what the clip should not show")
    make.add_argument("--remix", metavar="ID", help="make a new clip from this job's clip")
    make.add_argument("--seed", type=int, help="a whole number")
    make.add_argument("--max-cost", metavar="USD", help="refuse a clip whose estimate is above this")
    make.add_argument("--estimate", action="store_true", help="show the price and make nothing")
    make.add_argument("--again", action="store_true", help="pay for a new clip even if there is one already")
    make.add_argument("-o", "--output", metavar="PATH", help="the clip's file, or a folder for it")
    make.set_defaults(run=_generate)

    models = commands.add_parser("models", help="what each model can do, takes and costs")
    add_filters(models)
    models.set_defaults(run=_models)

    jobs = commands.add_parser("jobs", help="the newest jobs, or: jobs resume | cancel ID")
    jobs.set_defaults(run=_jobs)
    actions = jobs.add_subparsers(metavar="ACTION")
    resume = actions.add_parser("resume", help="go on with every job that was left running")
    resume.set_defaults(run=_resume)
    cancel = actions.add_parser("cancel", help="stop a job at its provider")
    cancel.add_argument("id")
    cancel.set_defaults(run=_cancel)

    spend = commands.add_parser("spend", help="what was spent, is held, and was saved by re-use, in all")
    spend.set_defaults(run=_spend)

    ledger = commands.add_parser("ledger", help="ledger verify: prove that every account and job adds up")
    ledger.add_argument("action", choices=("verify",))
    ledger.set_defaults(run=_ledger)

    engine = commands.add_parser("engine", help="serve the local engine on a port")
    engine.add_argument("--host", default="127.0.0.1")
    engine.add_argument("--port", type=int, default=8189)
    engine.add_argument("--api-key", help="a key that callers must send")
    engine.set_defaults(run=_engine)

    add_commands(commands)

    doctor = commands.add_parser("doctor", help="what is installed and set up here")
    doctor.set_defaults(run=_doctor)
    return parser


def _generate(args: argparse.Namespace) -> int:
    """Make a clip and wait for it. The last line on standard output is the file."""
    from soravid import session, terminal

    prompt = sys.stdin.read() if args.prompt == "-" else args.prompt
    wanted: dict[str, Any] = {
        "model": args.model,
        "seconds": args.seconds,
        "size": args.size,
        "aspect_ratio": args.aspect,
        "resolution": args.resolution,
        "input_reference": args.reference,
        "last_frame": args.last_frame,
        "references": args.also,
        "fit": args.fit,
        "audio": args.audio,
        "negative_prompt": args.negative,
        "operation": "remix" if args.remix else "create",
        "video_id": args.remix,
        "seed": args.seed,
        "max_cost": args.max_cost,
    }
    if args.estimate:
        print(session.estimate(prompt, **wanted))
        return 0
    job = session.generate(prompt, **wanted, path=args.output, reuse=not args.again)
    return 0 if terminal.follow(job) else 1


def _models(args: argparse.Namespace) -> int:
    from soravid import choosing

    print(choosing.models(args.name, can=args.can, under=args.under, alive=args.alive, ready=args.ready))
    return 0


def _jobs(_args: argparse.Namespace) -> int:
    from soravid import session

    print(session.jobs_table())
    return 0


def _resume(_args: argparse.Namespace) -> int:
    from soravid import session, terminal

    jobs = session.resume()
    if not jobs:
        print("Nothing was left running.")
    arrived = [terminal.follow(job) for job in jobs]
    return 0 if all(arrived) else 1


def _cancel(args: argparse.Namespace) -> int:
    from soravid import session

    job = session.find_job(args.id)
    job.cancel()
    state = "is cancelled" if job.status == "cancelled" else f"has ended before: {job.view.label.lower()}"
    print(f"{job.id} {state}.")
    return 0


def _spend(_args: argparse.Namespace) -> int:
    from soravid import session

    print(session.spend(all_time=True))
    if table := session.spend_by_model(all_time=True):
        print(table)
    return 0


def _ledger(_args: argparse.Namespace) -> int:
    from soravid.planning import current

    wrong = current().journal.verify()
    print("\n".join(wrong) if wrong else "Every account adds up, and every hold has one end.")
    return 1 if wrong else 0


def _engine(args: argparse.Namespace) -> int:
    from soravid import settings

    try:
        from soravid.engine import serve

        serve(args.host, args.port, settings.home() / "engine", api_key=args.api_key)
    except ImportError:
        raise MissingExtra("The local engine", "local") from None
    except OSError as wrong:
        raise InvalidRequest(f"Port {args.port} cannot be served: {wrong.strerror or wrong}.") from None
    return 0


def _doctor(_args: argparse.Namespace) -> int:
    from soravid import session

    print(session.doctor())
    return 0

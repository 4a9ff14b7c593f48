"""``soravid proxy`` and ``soravid keys``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    from soravid.proxy.issuing import Issuer

_PARTS = {"fastapi", "starlette", "uvicorn", "python_multipart"}
Commands = Any
"""What ``ArgumentParser.add_subparsers`` gives."""


def add_commands(commands: Commands) -> None:
    """Add both to the command line."""
    _add_proxy(commands)
    _add_keys(commands)


def _add_proxy(commands: Commands) -> None:
    proxy = commands.add_parser("proxy", help="share your accounts with many people, each with a key")
    proxy.add_argument("--config", metavar="FILE", help="config.yaml with models and settings")
    proxy.add_argument("--host", default="127.0.0.1")
    proxy.add_argument("--port", type=int, default=4000)
    proxy.add_argument("--check", action="store_true", help="check the configuration and serve nothing")
    proxy.set_defaults(run=_proxy)


def _add_keys(commands: Commands) -> None:
    keys = commands.add_parser(
        "keys", help="keys of the proxy: keys create | list | show | update | delete | rotate"
    )
    actions = keys.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("name", nargs="?", help="what people call it")
    _add_limits(create)
    create.set_defaults(run=_create)
    listed = actions.add_parser("list", help="all keys, what they may spend and have spent")
    listed.add_argument("--team", help="of this team only")
    listed.add_argument("--user", help="of this user only")
    listed.set_defaults(run=_list)
    update = actions.add_parser("update", help="change what a key may do; none takes a limit away")
    update.add_argument("key", help="its name, its id or the key itself")
    update.add_argument("--name", help="what people call it")
    update.add_argument("--blocked", choices=("yes", "no"), help="let it in no more, or again")
    _add_limits(update)
    update.set_defaults(run=_update)
    for action, run, words in (
        ("show", _show, "what a key may do and has spent"),
        ("delete", _delete, "have a key open nothing any more; its clips stay"),
        ("rotate", _rotate, "give a key a new secret; the old one opens nothing any more"),
    ):
        one = actions.add_parser(action, help=words)
        one.add_argument("key", help="its name, its id or the key itself")
        one.set_defaults(run=run)
        _add_config(one)
    for each in (create, listed, update):
        _add_config(each)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--budget", metavar="USD", help="what it may spend")
    parser.add_argument("--every", metavar="TIME", help="the budget begins anew: 24h, 30d, 1mo")
    parser.add_argument("--models", metavar="NAMES", help="what it may use: sora,gemini/*; else all")
    parser.add_argument("--rpm", metavar="N", help="creates a minute")
    parser.add_argument("--parallel", metavar="N", help="jobs at once")
    parser.add_argument("--lasts", metavar="TIME", help="how long it is good: 12h, 30d, 8w")
    parser.add_argument("--team", help="its team's id")
    parser.add_argument("--user", help="its user's id")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help="the proxy's config.yaml, where it has a database_url"
    )


def _proxy(args: argparse.Namespace) -> int:
    """Serve a proxy until Ctrl-C or SIGTERM; or only check its configuration."""
    with _all_installed():
        from soravid.proxy.options import read_options
        from soravid.proxy.server import run
    file = Path(args.config) if args.config else None
    options = read_options(file)
    if not args.check:
        run(options, args.host, args.port)
        return 0
    for note in options.notes:
        _say(note)
    _say(f"{file or 'No configuration'}: all is well. {_models()}")
    return 0


@contextmanager
def _all_installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in _PARTS:
            raise MissingExtra("The proxy", "proxy") from None
        raise


def _models() -> str:
    from soravid.proxy.served import served

    names = served()
    return f"{len(names)} {'model' if len(names) == 1 else 'models'}: {', '.join(names)}."


# --- keys --------------------------------------------------------------------------------------------


def _create(args: argparse.Namespace) -> int:
    issuer = _issuer(args)
    made = issuer.issue({"key_alias": args.name, **_fields(args)})
    sys.stderr.write(f"{_line(made)}\nThis is the key. It is shown this once:\n")
    _say(made["key"])
    return 0


def _list(args: argparse.Namespace) -> int:
    from soravid.tables import Table

    issuer = _issuer(args)
    infos = [issuer.key_info(key) for key in issuer.keys.all(team_id=args.team, user_id=args.user)]
    rows = [
        (
            info["key_alias"] or "",
            info["token"],
            info["key_name"],
            _money(info),
            ", ".join(info["models"]) or "all",
            info["team_id"] or "",
            _state(info),
        )
        for info in infos
    ]
    columns = ("Name", "Id", "Key", "Spent", "Models", "Team", "State")
    _say(
        str(Table(columns, rows, "Keys"))
        if rows
        else "There are no keys. soravid keys create NAME makes one."
    )
    return 0


def _show(args: argparse.Namespace) -> int:
    issuer = _issuer(args)
    info = issuer.key_info(issuer.keys.get(args.key))
    for name, value in info.items():
        if value not in (None, [], {}):
            _say(f"{name:22} {value}")
    return 0


def _update(args: argparse.Namespace) -> int:
    fields = _fields(args)
    if args.name is not None:
        fields["key_alias"] = args.name
    if args.blocked is not None:
        fields["blocked"] = args.blocked == "yes"
    if not fields:
        raise InvalidRequest("Say what to change.", hint="See: soravid keys update --help")
    _say(_line(_issuer(args).change(args.key, fields)))
    return 0


def _delete(args: argparse.Namespace) -> int:
    issuer = _issuer(args)
    key = issuer.keys.delete(issuer.keys.get(args.key).id)
    _say(f"{key.name} opens nothing any more. Its clips and its account stay.")
    return 0


def _rotate(args: argparse.Namespace) -> int:
    made = _issuer(args).rotate(args.key)
    sys.stderr.write(f"{_line(made)}\nThis is the new key. It is shown this once; the old one is no more:\n")
    _say(made["key"])
    return 0


def _issuer(args: argparse.Namespace) -> Issuer:
    from soravid import settings
    from soravid.ledger.holders import Holders
    from soravid.ledger.journal import Journal
    from soravid.ledger.keys import Keys
    from soravid.proxy.issuing import Issuer
    from soravid.proxy.options import database_url_of

    url = database_url_of(Path(args.config)) if args.config else None
    journal = Journal(settings.home(), url=url or settings.database_url())
    return Issuer(Keys.of(journal), Holders.of(journal), journal.budgets)


def _fields(args: argparse.Namespace) -> dict[str, Any]:
    """What was said of a key, by LiteLLM's names; ``none`` takes a limit away."""
    said = {
        "max_budget": args.budget,
        "budget_duration": args.every,
        "models": args.models,
        "rpm_limit": args.rpm,
        "max_parallel_jobs": args.parallel,
        "duration": args.lasts,
        "team_id": args.team,
        "user_id": args.user,
    }
    fields: dict[str, Any] = {}
    for name, text in said.items():
        if text is None:
            continue
        value: Any = None if text.lower() in {"none", "all"} else text
        if name == "models" and value is not None:
            value = [each.strip() for each in value.split(",") if each.strip()]
        if name in {"rpm_limit", "max_parallel_jobs"} and value is not None and value.isdecimal():
            value = int(value)
        fields[name] = value
    return fields


def _line(info: dict[str, Any]) -> str:
    parts = [info["key_alias"] or info["token"], info["token"], _money(info), _state(info)]
    return " · ".join(dict.fromkeys(parts))


def _money(info: dict[str, Any]) -> str:
    from soravid.money import show, to_nano

    spent = show(to_nano(info["spend"]))
    if info["max_budget"] is None:
        return f"{spent} spent"
    every = f" every {info['budget_duration']}" if info["budget_duration"] else ""
    return f"{spent} of {show(to_nano(info['max_budget']))}{every}"


def _state(info: dict[str, Any]) -> str:
    if info["blocked"]:
        return "blocked"
    return f"until {info['expires']}" if info["expires"] else "good"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")

"""What ``%video`` does around making clips, one method for each of its words."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics
from IPython.display import display

from soravid import cards, choosing, session
from soravid.config import groups, load_config
from soravid.errors import InvalidRequest, nearest, one_of
from soravid.notebook import options
from soravid.notebook.connect import command as connect
from soravid.notebook.display import show_notice
from soravid.notebook.gallery import gallery
from soravid.notebook.left import resume_left
from soravid.notebook.meter import meter
from soravid.notebook.player import player
from soravid.notebook.show import present, show_live

SUBCOMMANDS = {
    "models": "[NAME] [--can ABILITY] [--under USD] [--alive] [--ready]: what models can do, take and cost",
    "form": "[PROMPT]: a form for a clip, with the price before the button",
    "jobs": "the newest jobs of the journal",
    "show": "ID: show a job again, live if it still runs",
    "play": "NAME or ID: a clip in its player: frame by frame, in a loop, slower",
    "cancel": "ID: stop a job at its provider",
    "resume": "go on with every job that was left running",
    "spend": "what this session has spent, holds, and saved by re-use",
    "budget": "[USD]: limit what this session may spend, or tell how it stands",
    "meter": "what this session spends, live, at the foot of the notebook",
    "gallery": "[WORDS]: every clip there is: search, open, compare, re-use, tag",
    "connect": "[URL] [--off]: use a shared proxy and its models, tell where this session is, or go back",
    "config": "FILE: read model groups, models, prices and guardrails from a config.yaml",
    "nest": "let asyncio.run(...) work in cells (patches the kernel's loop)",
    "doctor": "what is installed and set up here",
}


_TAKES = {
    "show": "one job id",
    "play": "one variable or job id",
    "cancel": "one job id",
    "config": "one file",
}
_MAY_TAKE = {"budget": "one amount in USD, or nothing"}
_PARSES = {"connect", "form", "gallery", "models"}
"""What reads its words itself."""


class Commands(Magics):
    """The half of the magics that makes nothing."""

    wait: Any
    embed: Any

    def _command(self, word: str, *rest: str) -> Any:
        if word in {"help", "-h", "--help"}:
            rows = [(f"%video {name}", text) for name, text in SUBCOMMANDS.items()]
            print(cards.table_text(("Command", "What it does"), rows))  # noqa: T201
            print("%%video --help tells how to make a clip.")  # noqa: T201
            return None
        if word not in SUBCOMMANDS:
            near = nearest(word, SUBCOMMANDS) or list(SUBCOMMANDS)
            raise InvalidRequest(f"There is no %video {word}.", hint=f"Did you mean {one_of(near)}?")
        counts = {0, 1} if word in _MAY_TAKE else {int(word in _TAKES)}
        if word not in _PARSES and len(rest) not in counts:
            what = (_TAKES | _MAY_TAKE).get(word, "nothing more")
            hint = "%video jobs lists the ids." if "job id" in what else ""
            raise InvalidRequest(f"%video {word} takes {what}.", hint=hint)
        return getattr(self, f"_{word}")(*rest)

    def _models(self, *words: str) -> Any:
        args = options.MODELS.parse_args(words)
        return choosing.models(args.name, can=args.can, under=args.under, alive=args.alive, ready=args.ready)

    def _connect(self, *words: str) -> Any:
        return connect(words)

    def _config(self, file: str) -> None:
        added, names = load_config(file), groups().names
        print(f"Model groups: {', '.join(names) or 'none'}. Models added: {len(added)}.")  # noqa: T201

    def _jobs(self) -> Any:
        return session.jobs_table()

    def _show(self, job_id: str) -> None:
        show_live(session.find_job(job_id))

    def _play(self, clip: str) -> Any:
        names = self.shell.user_ns if self.shell else {}
        return player(names.get(clip, clip))

    def _cancel(self, job_id: str) -> None:
        job = session.find_job(job_id)
        job.cancel()
        print(f"{job.id}: {job.view.label.lower()}")  # noqa: T201

    def _resume(self) -> None:
        jobs, elsewhere = resume_left()
        if not jobs:
            print("Nothing was left running.")  # noqa: T201
        if elsewhere:
            others = "1 job is" if elsewhere == 1 else f"{elsewhere} jobs are"
            print(f"{others} in the hands of another kernel or program.")  # noqa: T201
        present(jobs, wait=self.wait, embed=self.embed)

    def _spend(self) -> None:
        line = session.budget_line(session.budget(), session.spend())
        show_notice(line, f"This session. In all: {session.spend(all_time=True)}")
        if table := session.spend_by_model():
            display(table)

    def _budget(self, usd: str = "") -> None:
        account = session.budget(usd or None)
        show_notice(session.budget_line(account, session.spend()), account.note)

    def _meter(self) -> Any:
        return meter(pin=True)

    def _gallery(self, *words: str) -> Any:
        return gallery(" ".join(words))

    def _nest(self) -> None:
        from soravid.nested import allow_nested_run

        allow_nested_run()
        print("asyncio.run(...) now works in cells.")  # noqa: T201

    def _doctor(self) -> Any:
        return session.doctor()

"""What a form's clips would cost, what remains of the budget, and why they cannot be made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from soravid import loop
from soravid.errors import BudgetExceeded, SoravidError
from soravid.ledger import Account, JobRow, Scope
from soravid.money import show
from soravid.notebook.wanted import each_take
from soravid.notebook.widgets.form_choices import keyless
from soravid.notebook.widgets.form_draft import Draft
from soravid.pipeline import Pipeline
from soravid.planning import make_plan
from soravid.plans import Plan

STAND_IN = "a clip"
"""What is priced while there is no prompt."""
_MOTION = re.compile(
    r"\b(pan|tilt|zoom|dolly|track|push|pull|orbit|crane|follow|aerial|handheld|static|still|camera|shot|close|wide|"
    r"move|walk|run|fly|drift|rise|fall|turn|float|glide|sway|spin|slow|fast)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One line before the button.

    Attributes:
        cost: ``$0.80 for 1 take``, ``price unknown for 2 takes``.
        left: ``$4.20 of $5.00 left``; empty without a budget.
        off: why it cannot be made now, and what to do; empty where it can.
        each: what one new take may cost at most, in words.
        upper: the same in nano-USD; None: unknown. ``total``: for all that are new.
    """

    cost: str
    left: str = ""
    off: str = ""
    each: str = ""
    upper: int | None = None
    total: int | None = None

    def agree(self, plan: Plan) -> bool:
        """Whether a plan may be carried out: it costs no more than was shown. For ``generate``'s ``confirm``.

        Raises:
            BudgetExceeded: it may cost more.
        """
        if plan.estimate is not None and (self.upper is None or plan.estimate <= self.upper):
            return True
        if plan.estimate is None and self.upper is None:
            return True
        raise BudgetExceeded(
            f"The price is {show(plan.estimate)} by now, not {show(self.upper)}.",
            hint="Look, and press again.",
        )

    def is_within(self, seen: Offer | None) -> bool:
        """Whether it asks for no more than an offer that was seen."""
        if seen is None or seen.total is None or self.total is None:
            return seen is not None and seen.total == self.total
        return self.total <= seen.total

    def rows(self) -> list[tuple[str, str, str]]:
        """The same for places without forms."""
        rows = [("Price", self.cost, ""), ("Budget", self.left, ""), ("Not yet", self.off, "")]
        return [row for row in rows if row[1]]


async def priced(line: Pipeline, draft: Draft, names: Mapping[str, Any]) -> Offer:
    """Price what is in a form. What is wrong with it stands in the offer; nothing is raised."""
    prompt, wrong = "", ""
    try:
        prompt = draft.prompt(names)
    except SoravidError as cannot:
        wrong = str(cannot)
    try:
        args = draft.args()
        wanted = await loop.in_thread(draft.wanted, args, names)
        found = await offer(line, prompt, wanted, [*each_take(args)], reuse=not args.again)
    except SoravidError as cannot:
        return Offer("", off=str(cannot))
    except Exception as fault:
        return Offer("", off=f"soravid has a fault ({type(fault).__name__}).")
    return replace(found, off=wrong or found.off)


async def offer(
    line: Pipeline, prompt: str, wanted: dict[str, Any], takes: Sequence[dict[str, Any]], *, reuse: bool
) -> Offer:
    """Price the takes of a request as ``estimate`` does, without a key; nothing is sent, nothing is held.

    Args:
        line: whose journal and budgets count.
        prompt: empty or not: the price does not wait for it.
        wanted: keywords of ``generate``.
        takes: what is said for each take alone.
        reuse: whether a clip that there is already is taken.
    """
    off = ""
    limit = wanted.get("max_cost")
    try:
        plans = await plans_of(line, prompt or STAND_IN, wanted | {"max_cost": None}, takes)
    except SoravidError as wrong:
        return Offer("", _left(await _tightest(line, wanted)), str(wrong))
    if limit is not None:
        try:
            await plans_of(line, prompt or STAND_IN, wanted, takes[:1])
        except SoravidError as wrong:
            off = str(wrong)
    found: list[JobRow] = []
    if reuse and prompt:
        rows = await loop.in_thread(lambda: [there(line, plan) for plan in plans])
        found = [row for row in rows if row is not None]
    new = len(plans) - len(found)
    upper = plans[0].estimate
    account = await _tightest(line, wanted, plans[0])
    if new:
        off = off or await loop.in_thread(_keyless, plans[0]) or _over(account, upper, new)
    off = off or ("" if prompt else "Write a prompt first.")
    total = 0 if not new else None if upper is None else upper * new
    return Offer(_cost(plans[0], new, found), _left(account), off, show(upper), upper, total)


async def plans_of(
    line: Pipeline, prompt: str, wanted: dict[str, Any], takes: Sequence[dict[str, Any]]
) -> list[Plan]:
    """A plan for each take, for its price only.

    Raises:
        InvalidRequest: something that cannot work.
    """
    named = ("operation", "seconds", "size", "input_reference")
    clip = {name: wanted[name] for name in named}
    rest = {name: value for name, value in wanted.items() if name not in {*named, "model", "video_id"}}
    return [
        await make_plan(
            line,
            prompt,
            wanted["model"],
            source_id=wanted["video_id"],
            take=each["take"],
            options=rest | {"seed": each["seed"]},  # type: ignore[arg-type]
            purpose="price",
            **clip,
        )
        for each in takes
    ]


def there(line: Pipeline, plan: Plan) -> JobRow | None:
    """The job that has made a clip of the same request, or makes it."""
    return line.journal.same_request(plan.request.fingerprint())


def advice(prompt: str) -> str:
    """A word on how the prompt might say more; empty where it says enough."""
    if not prompt.strip():
        return "Say what is seen, what happens, and how the camera moves."
    if len(prompt.split()) < 5:
        return "Place, light and time of day help."
    return "" if _MOTION.search(prompt) else "What moves, and how does the camera?"


def _cost(plan: Plan, new: int, found: Sequence[JobRow]) -> str:
    old = "made already" if all(row.path for row in found) else "on its way already"
    if not new:
        return f"{show(0)} · {old}" if len(found) == 1 else f"{show(0)} · all {len(found)} takes {old}"
    quote = plan.quote
    low, upper = (None, None) if quote is None else (quote.low * new, quote.upper * new)
    span = show(upper) if low == upper else f"{show(low)} to {show(upper)}"
    words = f"{span} for {new} take{'s' * (new != 1)}"
    return f"{words} · {len(found)} {old}" if found else words


def _keyless(plan: Plan) -> str:
    """What the first choice lacks, where no choice can be reached."""
    missing = [
        keyless(step.deployment.name, step.route.connection if step.route else None) for step in plan.steps
    ]
    return missing[0] if all(missing) else ""


async def _tightest(line: Pipeline, wanted: dict[str, Any], plan: Plan | None = None) -> Account | None:
    """The account that has the least left, of those that a clip counts on; None where nothing is limited."""
    scopes = [Scope("session", line.journal.session)]
    if plan:
        scopes.append(Scope("provider", plan.steps[0].deployment.provider))
    if wanted.get("user"):
        scopes.append(Scope("user", wanted["user"]))
    accounts = await loop.in_thread(lambda: [line.journal.budgets.get(scope) for scope in scopes])
    return min(
        (account for account in accounts if account.limit is not None),
        key=lambda account: account.remaining or 0,
        default=None,
    )


def _left(account: Account | None) -> str:
    if account is None:
        return ""
    whose = "" if account.scope.kind == "session" else f" ({account.scope})"
    return f"{show(account.remaining)} of {show(account.limit)} left{whose}"


def _over(account: Account | None, upper: int | None, new: int) -> str:
    if account is None:
        return ""
    if upper is None:
        return (
            "" if account.default_hold is not None else "Without a price it cannot be kept under the budget."
        )
    if upper * new <= (account.remaining or 0):
        return ""
    raise_it = " %video budget USD raises it." if account.scope.kind == "session" else ""
    return f"Over budget: at most {show(upper * new)}, and {show(account.remaining)} is left.{raise_it}"

"""Finds the way back to the account that made a job: later calls go there, whatever a name means today."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from soravid import checks, config, loop, settings
from soravid.deployments import Connection, Deployment, ProviderProfile
from soravid.errors import InvalidRequest, MissingKey, NotFound
from soravid.ledger import JobRow
from soravid.observe import redact
from soravid.providers import Provider, provider_class
from soravid.routing import DEPLOYMENT, Route, route_by_id

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal

_REMEMBERED = 2000
"""Rows that are kept in memory; ten times as many deployments, whose keys stand nowhere else."""


def reached(profile: ProviderProfile, model: str, given: Connection | None = None) -> Deployment:
    """``settings.deployment``, whose secrets are from now on taken out of every log."""
    deployment = settings.deployment(profile, model, given)
    for secret in (deployment.api_key, deployment.bearer, *deployment.headers.values()):
        redact.remember(secret if isinstance(secret, str) else None)
    return deployment


class Accounts:
    """Rows and deployments of the jobs that were asked for lately, and the journal behind them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        # A status call costs no database read then.
        self._rows: dict[str, JobRow] = {}
        # Keys and headers that came with a call are for its job's later calls, too. In memory only.
        self._deployments: dict[str, Deployment] = {}

    def sends(self, row: JobRow, deployment: Deployment) -> None:
        """Note where a job is sent, before it is."""
        self._deployments[row.id] = deployment

    def is_sent_here(self, row: JobRow) -> bool:
        """Whether this process sends, or has sent, the job."""
        return row.id in self._deployments

    def remember(self, row: JobRow) -> JobRow:
        """Keep a row at hand, under the job's and the provider's id; returns the newest that is known.

        An answer that was on its way while the job ended does not make it run again.
        """
        known = self._rows.get(row.id)
        if known and known.final and not row.final:
            return known
        if route := self._route_of(row):
            route.saw(row)
        for name in (row.id, row.video_id):
            if name:
                self._rows[name] = row
        for memory, most in ((self._rows, _REMEMBERED), (self._deployments, 10 * _REMEMBERED)):
            while len(memory) > most:
                del memory[next(iter(memory))]
        return row

    async def row_of(self, video_id: str) -> JobRow | None:
        """The job with that id, its own or its provider's, if the journal has it."""
        return self._rows.get(video_id) or await loop.in_thread(self._journal.find, video_id)

    def provider_of(self, row: JobRow, given: Connection | None = None) -> Provider:
        """The adapter for the deployment that made a job, with ``given`` above what is known of it.

        Its key is the one that the job was made with, in this process; in another, that of the same
        deployment in the configuration, else the environment's.
        """
        provider, name = checks.split_model(row.model)
        own = _said(given)
        adapter = provider_class(provider)
        made = self._deployments.get(row.id)
        if made and not own:
            return adapter(made)
        known: Connection = {"api_base": row.api_base, "api_version": row.api_version}
        route = self._route_of(row)
        if made:
            known |= {"api_key": made.api_key, "extra_headers": made.headers, "timeout": made.timeout}
        try:
            if route and not (made or own.get("api_key")):
                there = reached(adapter.profile, name, route.connection)
                if there.api_base == row.api_base:  # its key is for that address and for no other
                    known = {**route.connection, **known}
            return adapter(reached(adapter.profile, name, {**known, **own}))
        except MissingKey as missing:
            if DEPLOYMENT in row.labels and not route:
                missing.hint = (
                    "Its deployment is in no configuration here: load_config(...) or SORAVID_CONFIG."
                )
            raise

    def _route_of(self, row: JobRow) -> Route | None:
        """The deployment of a model group that made a job, where the configuration still has it."""
        made_by = row.labels.get(DEPLOYMENT)
        return route_by_id(made_by, config.groups()) if made_by else None

    def provider_for(
        self, video_id: str, row: JobRow | None, model: str | None, given: Connection | None
    ) -> Provider:
        """The adapter for a video: the one that made it, else the one that ``model`` names.

        Raises:
            InvalidRequest: the journal does not know the id and no model was given.
            NotFound: the job has no id at its provider.
        """
        if row and (row.video_id or row.id == video_id):
            if not row.video_id:
                raise NotFound("The provider has not given this job an id.", job_id=row.id)
            return self.provider_of(row, given)
        if model is None:
            raise InvalidRequest(
                f"The journal has no video {video_id!r}.", param="video_id", hint="Say where it is: model=..."
            )
        if route := config.groups().only(model):
            model, given = route.entry.model, {**route.connection, **_said(given)}
        provider, name = checks.split_model(model)
        adapter = provider_class(provider)
        return adapter(reached(adapter.profile, name, given))

    async def needs(self, video_id: str, client: Connection) -> bool:
        """Whether a client's own connection is needed to reach a video.

        It is not where the job's account is known without it: the client's key may be for another one.
        """
        row = await self.row_of(video_id)
        base = (client.get("api_base") or "").rstrip("/")
        if row is None or base in {row.api_base, row.api_base.removesuffix("/v1")}:
            return True
        if self._route_of(row):
            return False
        provider, _ = checks.split_model(row.model)
        return not (self.is_sent_here(row) or settings.has_key(provider_class(provider).profile))


def _said(given: Connection | None) -> Connection:
    """What a call says of how to reach its provider, without what it leaves open."""
    return cast(Connection, {name: value for name, value in (given or {}).items() if value is not None})

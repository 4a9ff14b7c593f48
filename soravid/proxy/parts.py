"""What the routes work with: the parts of one running proxy, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from soravid.ledger.holders import Holders
from soravid.ledger.keys import Keys
from soravid.ledger.leases import Leases
from soravid.ledger.owned import Owned
from soravid.pipeline import Pipeline
from soravid.proxy.access import Access
from soravid.proxy.finding import Finder
from soravid.proxy.guarded import Pictures
from soravid.proxy.issuing import Issuer
from soravid.proxy.keeper import Keeper
from soravid.proxy.leasing import Leasing
from soravid.proxy.making import Maker
from soravid.proxy.objects import Objects
from soravid.proxy.options import ProxyOptions
from soravid.proxy.polite import watch_politely
from soravid.proxy.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Parts:
    """One proxy. ``line`` is the pipeline that everything goes through."""

    options: ProxyOptions
    line: Pipeline
    access: Access
    issuer: Issuer
    owned: Owned
    store: Store
    keeper: Keeper
    leasing: Leasing
    finder: Finder
    maker: Maker
    objects: Objects
    pictures: Pictures

    @classmethod
    def of(cls, options: ProxyOptions, line: Pipeline) -> Parts:
        """Put a proxy together. Blocking: the media store's folder is made."""
        watch_politely(line)
        journal = line.journal
        keys, holders, owned = Keys.of(journal), Holders.of(journal), Owned.of(journal)
        store = open_store(options.media)
        leases = Leases.of(journal)
        keeper = Keeper(line, store, owned, leases)
        finder = Finder(keeper, owned)
        pictures = Pictures(options)
        return cls(
            options=options,
            line=line,
            access=Access(keys, options.master_key),
            issuer=Issuer(keys, holders, journal.budgets),
            owned=owned,
            store=store,
            keeper=keeper,
            leasing=Leasing(journal, leases, keeper, options.lease_seconds),
            finder=finder,
            maker=Maker(line, keeper, finder, pictures),
            objects=Objects(store, keeper.arriving),
            pictures=pictures,
        )

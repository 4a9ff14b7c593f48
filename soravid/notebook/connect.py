"""``%video connect`` and ``soravid.connect()``: this session on a shared proxy, by a key that nobody sees."""

from __future__ import annotations

import getpass
import sys

from soravid import connecting, settings
from soravid.connecting import NO_KEY, Connected, where
from soravid.errors import AuthenticationFailed, Cancelled, InvalidRequest, MissingKey
from soravid.loop import checked, run
from soravid.planning import current

_VARIABLE = "SORAVID_API_KEY"
_NOWHERE = "Not connected to a proxy"
_ASKS = f"Set {_VARIABLE}; where somebody can type, %video connect asks for it."


@checked
def connect(url: str | None = None, api_key: str | None = None) -> Connected:
    """Use a soravid proxy: its models, the first of them where none is named, and the key's own budget.

    The address and the key are tried at once. It holds for this process, until ``disconnect``; the key stays
    in its memory, and child processes do not inherit it.

    Args:
        url: the proxy's address, such as ``http://host:4000``. Left out: the one that this process is
            connected to, which is asked anew, else ``SORAVID_PROXY_URL``.
        api_key: the key. Left out: ``SORAVID_API_KEY``, unless that is for another ``SORAVID_PROXY_URL``,
            else it is asked for where somebody can type. A key in a cell stays in the notebook.

    Returns:
        Where, as whom, and with how much budget; a card in a notebook.

    Raises:
        InvalidRequest: no address, or one that cannot be; a ``MissingKey`` where there is no key.
        NoProxy: what answers there is no soravid proxy.
        ConnectionFailed: nothing answers there.
        AuthenticationFailed: the proxy does not take the key. Nothing has changed then.
    """
    joined = settings.proxy()
    given = url or (joined.url if joined else settings.proxy_url())
    if not given:
        raise InvalidRequest(
            "This session is connected to no proxy.", param="url", hint='soravid.connect("http://host:4000")'
        )
    place = connecting.address(given)
    transport = current().transport
    if not run(connecting.asks_for_key(transport, place)):
        return run(connecting.join(transport, place, NO_KEY))
    key, hint = _key(place, api_key)
    try:
        return run(connecting.join(transport, place, key))
    except AuthenticationFailed as wrong:
        if joined and joined.key == key:
            connecting.leave()  # it was good once: the next time it is asked for
        wrong.hint = wrong.hint or hint
        raise


def disconnect() -> None:
    """Use what the environment says again; jobs under way go on where they are."""
    connecting.leave()


def command(words: tuple[str, ...]) -> Connected | None:
    """What ``%video connect`` does with the words after it.

    Raises:
        InvalidRequest: words that it does not take; they are not repeated, one may be a key.
    """
    from soravid.notebook.display import show_notice

    if len(words) > 1:
        raise InvalidRequest(
            "%video connect takes one address, and no key: it would stay in the notebook.",
            param="url",
            hint=f"The key is asked for, or read from {_VARIABLE}.",
        )
    if words == ("--off",):
        before = connecting.leave()
        title = f"No longer connected to {where(before)}" if before else _NOWHERE
        show_notice(title, f"A cell that names no model makes {settings.default_model()}.", "quiet")
        return None
    if words and words[0].startswith("-"):
        raise InvalidRequest("%video connect has no such option.", hint="There is --off, to go back.")
    if not words and not (settings.proxy() or settings.proxy_url()):
        show_notice(_NOWHERE, "%video connect http://host:4000 connects this session.", "quiet")
        return None
    return connect(*words)


def _key(url: str, given: str | None) -> tuple[str, str]:
    """The key for a proxy, and what to do if that does not take it.

    Raises:
        MissingKey: there is none, and nobody to ask.
        Cancelled: nobody answered.
    """
    if given:
        return given, "Check api_key."
    if found := settings.environment_key(url):
        return found, f"{_VARIABLE} holds it. Set it anew, or remove it to be asked."
    joined = settings.proxy()
    if joined and joined.url == url:
        return joined.key, "It did once. Run it again to type another."
    return _typed(url), "Run it again to type it anew."


def _typed(url: str) -> str:
    open_way = ", sent unencrypted" if connecting.in_clear(url) else ""
    if not settings.waits() and _somebody():
        try:
            # By its module: a kernel puts its own in there, which asks on the page and shows dots.
            typed = getpass.getpass(f"Key for {where(url)}{open_way}: ").strip()
        except KeyboardInterrupt:
            raise Cancelled("Not connected.") from None
        except (NotImplementedError, EOFError):  # a kernel that nobody can answer
            typed = ""
        else:
            if not typed:
                raise MissingKey("No key was typed.", param="api_key", hint="Run it again to be asked.")
            return typed
    raise MissingKey(f"There is no key for {where(url)}.", param="api_key", hint=_ASKS)


def _somebody() -> bool:
    """Whether a person may be there to type: at a notebook, or at a terminal."""
    if "IPython" in sys.modules:
        from soravid.notebook.display import rich_front

        if rich_front():
            return True
    return sys.stdin.isatty()

"""A real JupyterLab and a real browser, for tests that read like someone at work.

The fixtures are in ``conftest.py``:

* ``lab``: one JupyterLab for the whole run, in a folder of its own; ``lab_under_prefix``: the same under
  ``/user/x/``, as on a hub. Nothing of the person's own Jupyter configuration is read or written.
* ``open_book(lab, name, *cells)``: writes a notebook of these cells and opens it; gives a ``Book``.

A test, whole::

    @pytest.mark.browser
    def test_a_clip_plays(lab: Lab, open_book: OpenBook) -> None:
        book = open_book(lab, "kite.ipynb", "%load_ext soravid", "%%video -m local/animatic\\nA red kite")
        book.run_all()
        video = book.output(1).locator("video")
        expect(video).to_be_visible()
        assert book.plays(video)
        book.save()
        book.shutdown_kernel()
        book.reload()
        expect(book.output(1).locator("video")).to_be_visible()
        book.shot("kite")

Wait with playwright's ``expect`` (it retries) or ``book.pause``, not with ``time.sleep``: the browser's
events reach Python only while playwright waits. ``book.traffic`` holds every message between the browser
and the kernels. Pictures go to the folder in ``SORAVID_SHOTS``, when it is set.
"""

from __future__ import annotations

from tests.notebook.book import Book, OpenBook, book_opener, launch
from tests.notebook.server import Lab
from tests.notebook.traffic import Message, Traffic, busiest_second

__all__ = ["Book", "Lab", "Message", "OpenBook", "Traffic", "book_opener", "busiest_second", "launch"]

"""The admin page: for whoever has the master key, in a browser.

``page.py`` serves it, ``entry.py`` lets in, ``live.py`` tells what only this page asks for. All else it does
by the routes that everybody has.
"""

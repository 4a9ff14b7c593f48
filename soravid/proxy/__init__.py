"""The shared proxy: one account, many people; each with a key, a budget, and clips of their own.

Every route goes through the pipeline that the notebook uses. ``app.py`` puts the routes together,
``parts.py`` what they work with; ``server.py`` says how it runs and ends, ``commands.py`` is the command
line. FastAPI and uvicorn are imported when a proxy is started, and by nothing else.
"""

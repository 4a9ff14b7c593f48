"""What soravid costs beside its peers, measured on the machine at hand.

    python -m benchmarks                     # all of them, a few minutes
    python -m benchmarks calls download      # some of them
    python -m benchmarks --json build/benchmarks.json

(or ``make bench``). Each prints a table: what was measured, ours, the peer's, their ratio, the target, and
whether it is met. The exit code is 1 if a target is missed. Nothing leaves the machine except to make a
virtual environment with LiteLLM under ``build/``, once; where that cannot be done, the table says so.

Benchmarks:

* ``imports``: wall time and peak memory of ``import soravid`` in a fresh interpreter, and of what a first
  call really needs: ``from soravid import video_generation``, and that plus a first create. Peers: the same
  of ``openai`` and ``litellm``. Targets: 0.25 s, 45 MB and a tenth of LiteLLM's time.
* ``calls``: processor time of the whole process (all threads) for one status call, and wall time p50, on a
  server in another process. The peer is openai's client doing the same. Target: 1.3 times its processor
  time. A create is shown beside it; ours is journalled to the disk before and after, and what two commits
  take SQLite alone on this disk stands below it. Target: 1.5 ms above a create by the adapter alone. Then
  creates with 50 under way, as a proxy has them. Target: 1.25 ms of processor time, which is 800 a second.
* ``proxy``: our proxy beside LiteLLM's, each in a process of its own before one fake provider, asked by a
  load generator in a third. Creates by JSON and by form and looks, one and 50 at a time; the start; a clip of
  200 MiB, alone and four at once, and how soon the health check answers meanwhile. Targets: ten times its
  requests a second, a tenth of its p99 at 50, 2 s, 120 MB at rest, 15 and 40 MB for the clips, 0.1 s to the
  first byte, 300 MiB/s, 100 ms. A busy machine slows creates more than ratios tell: ours waits for the disk.
* ``adapters``: processor time of each provider's adapter for a status, without sockets. Target: 0.1 ms.
* ``ledger``: reserve and settle pairs a second, on SQLite and PostgreSQL, and the rush on one budget beside
  a ledger that checks first and charges later. Targets: 1,000 and 500 pairs; not a cent too much.
* ``watching``: processor, memory and lateness with many jobs in flight. Targets: half a core, 200 MB, 2 s.
* ``download``: a 200 MiB clip to disk. Memory is how far the process grew above what it held before. Peers:
  openai's streamed download, LiteLLM's ``video_content``. Target: 10 MB.
* ``notebook``: a real JupyterLab in a real Chromium. From the run command of a ``%%video`` cell to the
  painted status (beside a bare ``display(HTML(...))``), the messages that reach the browser while a job
  runs, and the size of a saved notebook with ten clips (beside ``IPython.display.Video(embed=True)``).
  Paint is shown apart for the first cell of a kernel. Targets: 0.5 s; 7 messages in any one second, of
  at most 2 KB; 300 KB.
* ``batches``: 20 jobs live on one page, each in an output of its own and all on one board: messages in the
  busiest second, the kernel's processor time, how soon it answers an empty cell (beside itself without jobs);
  and the file of a notebook with 50 finished clips. Targets: 20; a tenth of a core; 50 ms; 1.5 MB.
* ``gallery``: 2,000 clips in the same. From the run command to the first posters on the screen, and how long
  a frame takes while the grid scrolls (beside a plain box of that size). Targets: 1 s; 20 ms, which is 50
  frames a second.
* ``engine``: how fast the local engine draws, where that benchmark is there.

Two more are programs of their own: ``python -m benchmarks.soak --requests 100000``, our proxy for long before
a provider that makes a fault every second; and ``python -m benchmarks.peers_proxy``, LiteLLM's SDK before
our proxy and our client before LiteLLM's.

Reading them: a figure is a median. Peers take turns with us in the same run, round by round, so a busy
machine slows all sides alike: ratios travel from machine to machine, absolute figures do not. Memory in MB
is 10^6 bytes, and is read from ``/proc``, so that benchmark needs Linux.
"""

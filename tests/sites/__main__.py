"""``python -m tests.sites``: start a test archive by hand; see ``docs/test-archive.md``."""

from __future__ import annotations

import argparse
import json
import shlex
import time

from tests.sites.mapping import SETTING
from tests.sites.otw import Archive
from tests.sites.settings import PORT


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.sites", description="An archive of made works, on 127.0.0.1."
    )
    parser.add_argument("--works", type=int, default=1000, help="how many works it holds (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other works (default 1)")
    parser.add_argument("--host", default="archiveofourown.org", help="the name that it goes by (default AO3's)")
    parser.add_argument("--port", type=int, default=PORT, help=f"where it listens (default {PORT}; 0: any free port)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer (default 0)")
    parser.add_argument("--max-results", type=int, default=100_000, help="how many works a list shows (default 100000)")
    parser.add_argument("--rate-limit", type=int, nargs=2, metavar=("N", "SECONDS"), help="more than N get status 429")
    given = parser.parse_args()
    archive = Archive(
        given.seed,
        given.works,
        given.host,
        port=given.port,
        delay=given.delay,
        max_results=given.max_results,
        rate_limit=None if given.rate_limit is None else (given.rate_limit[0], given.rate_limit[1]),
    )
    try:
        archive.start()
    except OSError as error:
        parser.exit(
            1, f"python -m tests.sites: cannot listen on port {given.port}: {error.strerror}; give another --port\n"
        )
    with archive:
        print(f"{archive.catalogue.size:,} works as {archive.host} at {archive.url} (Ctrl-C ends it)")
        print(f"A tag that all works have: {archive.tag}")
        print("To lead the crawler here, set these two before `scrapy`, and nothing leaves this machine:")
        print(
            f"  SCRAPY_SETTINGS_MODULE=tests.sites.settings {SETTING}={shlex.quote(json.dumps(archive.hosts))}",
            flush=True,
        )
        shown = 0
        try:
            while True:
                time.sleep(0.5)
                for request in archive.requests[shown:]:
                    print(f"{request.status} {request.host} {request.target}", flush=True)
                    shown += 1
        except KeyboardInterrupt:
            print(f"{len(archive.requests):,} requests answered")


if __name__ == "__main__":
    main()

"""The crawler reaches loopback archives under their real names, and nothing else."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import NotSupported
from scrapy.http import HtmlResponse

from tests.sites.mapping import SETTING, arguments, loopback_map, mapped, restored, settings
from tests.sites.otw import Archive

ROOT = Path(__file__).parents[2]
SPIDER = """
import json
import scrapy


class Probe(scrapy.Spider):
    name = "probe"
    custom_settings = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "RETRY_ENABLED": False}

    # One after the other: of requests that wait for the same robots.txt, Scrapy 2.19 tells only the first what it says.
    async def start(self):
        self.left = self.urls.split(",")
        yield self.following()

    def following(self):
        meta = {"handle_httpstatus_list": [404]}
        return scrapy.Request(self.left.pop(0), errback=self.failed, meta=meta) if self.left else None

    def parse(self, response):
        print(json.dumps([response.request.url, response.url, response.status, response.meta["download_latency"] > 0]))
        return self.following()

    def failed(self, failure):
        print(json.dumps([failure.request.url, type(failure.value).__name__]))
        return self.following()
"""


def crawl(tmp_path: Path, urls: list[str], *given: str, env: dict[str, str] | None = None) -> list[object]:
    """What a spider of its own process prints."""
    spider = tmp_path / "probe.py"
    spider.write_text(SPIDER, "utf-8")
    command = [sys.executable, "-m", "scrapy", "runspider", str(spider), "-a", f"urls={','.join(urls)}", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("reactor", [True, False])
def test_a_crawl_sees_real_addresses_and_the_archive_sees_real_names(tmp_path, reactor):
    base = "https://archiveofourown.org/works"
    whole = "?view_full_work=true&view_adult=true"
    urls = [f"{base}/40000000{whole}", f"{base}/40000001", f"{base}?page=2", "https://example.org/"]
    with Archive(works=10, outcomes={}) as archive:
        given = arguments(archive.hosts, reactor=reactor)
        assert crawl(tmp_path, urls, *given) == [
            ["https://archiveofourown.org/works/40000000" + whole, f"{base}/40000000{whole}", 200, True],
            [f"{base}/40000001", f"{base}/40000001", 404, True],
            [f"{base}?page=2", "RobotsForbidden"],
            ["https://example.org/", "RobotsUnreachable"],
        ]
        assert sorted((request.host, request.target, request.status) for request in archive.requests) == [
            ("archiveofourown.org", "/robots.txt", 200),
            ("archiveofourown.org", f"/works/40000000{whole}", 200),
            ("archiveofourown.org", "/works/40000001", 404),
        ]


def test_redirects_and_the_map_in_the_environment(tmp_path):
    with Archive(works=10, outcomes={"restricted": 1.0}) as archive:
        handlers = json.dumps(settings({})["DOWNLOAD_HANDLERS"])
        env = {**os.environ, SETTING: json.dumps(archive.hosts)}
        url = "http://archiveofourown.org/works/40000000"
        login = "https://archiveofourown.org/users/login?restricted=true&return_to=%2Fworks%2F40000000"
        found = crawl(tmp_path, [url], "-s", f"DOWNLOAD_HANDLERS={handlers}", env=env)
        assert found == [[login, login, 200, True]]


@pytest.mark.parametrize(
    "address", ["http://example.org:80", "https://127.0.0.1:80", "http://127.0.0.1", "http://8.8.8.8:80"]
)
def test_a_map_leads_to_the_loopback_interface_only(address):
    with pytest.raises(ValueError, match=r"expected http://127\.0\.0\.1:PORT"):
        loopback_map({"archiveofourown.org": address})


def test_a_request_keeps_everything_but_where_it_goes():
    request = Request(
        "https://archiveofourown.org/works/1?view_adult=true#x", headers={"User-Agent": "me"}, meta={"a": 1}
    )
    sent = mapped(request, {"archiveofourown.org": "http://127.0.0.1:8000"})
    assert sent.url == "http://127.0.0.1:8000/works/1?view_adult=true"
    assert (sent.headers["Host"], sent.headers["User-Agent"]) == (b"archiveofourown.org", b"me")
    assert b"Host" not in request.headers
    sent.meta["download_latency"] = 0.5
    response = restored(HtmlResponse(sent.url, status=203, headers={"X": "y"}, body=b"text"), request, sent)
    assert (response.url, response.status, response.body) == (
        "https://archiveofourown.org/works/1?view_adult=true",
        203,
        b"text",
    )
    assert request.meta == {"a": 1, "download_latency": 0.5}
    with pytest.raises(NotSupported, match=r"download\.archiveofourown\.org is no host"):
        mapped(Request("https://download.archiveofourown.org/"), {"archiveofourown.org": "http://127.0.0.1:8000"})


def test_an_archive_started_by_hand_tells_how_to_reach_it(tmp_path):
    command = [sys.executable, "-m", "tests.sites", "--port", "0", "--works", "30", "--seed", "3"]
    served = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert served.stdout is not None
    try:
        lines = [served.stdout.readline() for _ in range(4)]
        assert lines[0].startswith("30 works as archiveofourown.org at http://127.0.0.1:")
        variables = dict(word.split("=", 1) for word in shlex.split(lines[3]))
        assert variables["SCRAPY_SETTINGS_MODULE"] == "tests.sites.settings"
        url = "https://archiveofourown.org/works/40000000/navigate"
        assert crawl(tmp_path, [url], env={**os.environ, **variables}) == [[url, url, 200, True]]
        port = lines[0].rpartition(":")[2].split()[0]
        second = subprocess.run([*command[:4], port], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 1
        assert second.stderr.startswith(f"python -m tests.sites: cannot listen on port {port}: ")
    finally:
        served.send_signal(signal.SIGINT)
        rest = served.communicate(timeout=30)[0]
    assert served.returncode == 0
    assert rest.endswith("2 requests answered\n")

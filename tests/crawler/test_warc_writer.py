import gzip
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from crawler.warc_writer import Exchange, WarcFiles, framed, mend, rendered, whole

MOMENT = datetime(2026, 11, 24, 12, 0, 1, 250000, tzinfo=UTC)
INFO = {"software": "fanthology/0", "operator": "me@uni.example"}


def exchange(number=1, body=b"<html>a page</html>", **fields):
    values = {
        "url": f"https://a.example/works/{number}?x=1#top",
        "fetched_at": MOMENT,
        "method": "GET",
        "request_headers": [("Host", "a.example"), ("User-Agent", "fanthology/0")],
        "status": 200,
        "headers": [("Content-Type", "text/html"), ("Content-Length", str(len(body)))],
        "body": body,
        "ip_address": "127.0.0.1",
    }
    return Exchange(**values | fields)


def records(path):
    with path.open("rb") as stream:
        return [
            (record.rec_type, record.rec_headers, record.http_headers, record.content_stream().read())
            for record in ArchiveIterator(stream, check_digests="raise")
        ]


def is_valid(path):
    """Whether `warcio check` finds nothing."""
    checker = Checker(type("Command", (), {"inputs": [str(path)], "verbose": False}))
    checker.process_all()
    return checker.exit_value == 0


def test_an_exchange_is_a_response_and_its_request(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange())
    files.close()
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"ao3-\d{14}-00001\.warc\.gz", path.name)
    assert is_valid(path)
    info, response, request = records(path)
    assert info[0] == "warcinfo"
    assert info[1]["WARC-Filename"] == path.name
    assert info[3] == b"software: fanthology/0\r\noperator: me@uni.example\r\n"
    assert response[0] == "response"
    assert response[1]["WARC-Target-URI"] == "https://a.example/works/1?x=1"
    assert response[1]["WARC-Date"] == "2026-11-24T12:00:01.250000Z"
    assert response[1]["WARC-IP-Address"] == "127.0.0.1"
    assert response[2].get_statuscode() == "200"
    assert response[3] == b"<html>a page</html>"
    assert request[0] == "request"
    assert request[1]["WARC-Concurrent-To"] == response[1]["WARC-Record-ID"]
    assert request[1]["WARC-Date"] == "2026-11-24T12:00:01.250000Z"
    assert request[2].statusline == "/works/1?x=1 HTTP/1.1"
    assert request[2]["Host"] == "a.example"


def test_no_answer_leaves_the_request_and_the_reason(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange(status=None, error="DownloadTimeoutError: took\nlonger"))
    files.close()
    _, request, failure = records(next(tmp_path.iterdir()))
    assert [request[0], failure[0]] == ["request", "metadata"]
    assert failure[1]["WARC-Concurrent-To"] == request[1]["WARC-Record-ID"]
    assert failure[3] == b"fetchError: DownloadTimeoutError: took longer\r\n"


def test_half_a_body_is_marked(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange(truncated=True, headers=[("Content-Length", "99")]))
    files.close()
    response = records(next(tmp_path.iterdir()))[1]
    assert response[1]["WARC-Truncated"] == "disconnect"
    assert response[2]["X-Archive-Orig-Content-Length"] == "99"
    assert response[2]["Content-Length"] == "19"


def test_headers_fit_the_body_that_is_kept():
    given = [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"), ("content-length", "5")]
    assert framed(given, 5) == [
        ("Content-Encoding", "gzip"),
        ("X-Archive-Orig-Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
    ]


def test_files_roll_and_each_is_valid(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=1500)
    for number in range(5):
        files.write(exchange(number))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.endswith(".open") for name in names] == [False, False, True]
    files.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == files.names
    assert [name[-13:] for name in files.names] == ["00001.warc.gz", "00002.warc.gz", "00003.warc.gz"]
    assert all(is_valid(path) for path in tmp_path.iterdir())


def test_nothing_fetched_leaves_no_file(tmp_path):
    WarcFiles(tmp_path / "warc", "ao3", INFO, max_size=1000).close()
    assert list((tmp_path / "warc").iterdir()) == []


def test_what_was_written_is_there_before_the_file_is_closed(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange())
    assert [record[0] for record in records(next(tmp_path.iterdir()))] == ["warcinfo", "response", "request"]
    files.close()


@given(cut=st.integers(0, 2000))
def test_a_torn_tail_is_cut_to_the_last_whole_record(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("warc")
    parts = [gzip.compress(b"WARC/1.1\r\n" + bytes([number]) * 300) for number in range(3)]
    parts += [rendered(exchange()), gzip.compress(bytes(100_000))]
    data = b"".join(parts)
    torn = data[: len(data) - min(cut, len(data))]
    ends = [end for end in (member_ends(data)) if end <= len(torn)]
    (folder / "ao3-20261124120000-00001.warc.gz.open").write_bytes(torn)
    names = list(mend(folder))
    if ends:
        assert names == ["ao3-20261124120000-00001.warc.gz"]
        assert (folder / names[0]).read_bytes() == data[: ends[-1]]
    else:
        assert names == []
        assert list(folder.iterdir()) == []


def member_ends(data):
    """Where the gzip members end, told by the library's own reader of whole members."""
    ends, at = [], 0
    starts = [match.start() for match in re.finditer(rb"\x1f\x8b\x08", data)]
    for start in [*starts[1:], len(data)]:
        try:
            gzip.decompress(data[at:start])
        except (EOFError, gzip.BadGzipFile):
            continue
        ends.append(start)
        at = start
    return ends


@given(st.binary(max_size=300))
def test_any_tail_is_cut_off(tail):
    data = rendered(exchange())
    assert whole(io.BytesIO(data + b"\0" + tail)) == len(data)


def test_the_next_run_mends_and_goes_on(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange(1))
    assert files._file is not None
    files._file.close()  # killed
    (left,) = tmp_path.iterdir()
    with left.open("ab") as stream:
        stream.write(rendered(exchange(2))[:200])
    again = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    assert again.mended == [left.name.removesuffix(".open")]
    again.write(exchange(3))
    again.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert all(is_valid(path) for path in tmp_path.iterdir())
    urls = [record[1]["WARC-Target-URI"] for path in sorted(tmp_path.iterdir()) for record in records(path)[1::2]]
    assert urls == ["https://a.example/works/1?x=1", "https://a.example/works/3?x=1"]


def test_a_file_that_is_being_written_is_left_alone(tmp_path):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange(1))
    assert WarcFiles(tmp_path, "ao3", INFO, max_size=10**6).mended == []
    files.write(exchange(2))
    files.close()
    (path,) = tmp_path.iterdir()
    assert len(records(path)) == 5


def test_a_write_that_fails_leaves_whole_records(tmp_path, monkeypatch):
    files = WarcFiles(tmp_path, "ao3", INFO, max_size=10**6)
    files.write(exchange(1))

    class Full(io.FileIO):
        def write(self, data):
            super().write(data[:50])
            raise OSError(28, "No space left on device")

    assert files._file is not None
    files._file.close()
    (path,) = tmp_path.iterdir()
    monkeypatch.setattr(files, "_file", Full(path, "ab"))
    with pytest.raises(OSError, match="No space"):
        files.write(exchange(2))
    assert is_valid(path)
    assert len(records(path)) == 3
    assert list(mend(tmp_path)) == [path.name.removesuffix(".open")]

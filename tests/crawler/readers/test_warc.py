"""Web archives: pages go to their reader with address and date; the rest is told, not lost."""

import gzip
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers import wacz, warc
from crawler.readers.containers import kind_of
from crawler.readers.source import Limits, Rejected, Source, Unreadable
from crawler.readers.warc_http import without_chunks
from tests.builders import archives

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
PAGE = b"<!DOCTYPE html><html><body><p>The dog did nothing in the night-time.</p></body></html>"
URL = "https://archive.example/works/1?view=full"


def read(content, name="x.warc", reader=warc, **limits):
    found, rejects = [], []

    def page(source):
        found.append(source)
        yield from ()

    try:
        for item in reader.read(Source(Path("nowhere"), name, content=content, limits=Limits(**limits)), page):
            assert isinstance(item, Rejected)
            rejects.append((item.ref.removeprefix(name), item.reason))
    except Unreadable as error:
        rejects.append(("", error.reason))
    return found, rejects


def kind(content, name="x"):
    return kind_of(Source(Path("nowhere"), name, content=content))


@pytest.mark.parametrize("pack", [bytes, archives.gzipped, "zstd"], ids=["plain", "gz", "zst"])
def test_pages(pack):
    if pack == "zstd":
        pack = pytest.importorskip("backports.zstd").compress
    content = archives.warc({URL: archives.response(PAGE), f"{URL}#2": archives.response(PAGE)}, pack)
    assert kind(content) == "warc"
    (page, _), rejects = read(content)
    assert rejects == []
    assert (page.ref, page.url, page.data) == (f"x.warc/{URL}", URL, PAGE)
    assert page.retrieved_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert page.media_type == "text/html; charset=utf-8"


def test_zstandard_with_a_dictionary():
    zstd = pytest.importorskip("backports.zstd")
    samples = [b"%d %s" % (n, archives.warc_record(URL, archives.response(PAGE + b"%d" % n))) for n in range(200)]
    dictionary = zstd.train_dict(samples, 2000)
    stored = dictionary.dict_content
    content = b"\x5d\x2a\x4d\x18" + len(stored).to_bytes(4, "little") + stored
    content += zstd.compress(archives.warc_record(URL, archives.response(PAGE)), zstd_dict=dictionary)
    assert kind(content) == "warc"
    assert read(content)[0][0].data == PAGE


def chunked(body):
    return (
        b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7))
        + b"0\r\n\r\n"
    )


def deflated(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


ENCODED = {
    "gzip": gzip.compress(PAGE, mtime=0),
    "deflate": zlib.compress(PAGE),
    "Deflate": deflated(PAGE),
    "identity": PAGE,
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings(encoding):
    sent = archives.response(chunked(ENCODED[encoding]), Content_Encoding=encoding, Transfer_Encoding="chunked")
    assert read(archives.warc({URL: sent}))[0][0].data == PAGE


def test_brotli():
    brotli = pytest.importorskip("brotli")
    sent = archives.response(brotli.compress(PAGE), Content_Encoding="br")
    assert read(archives.warc({URL: sent}))[0][0].data == PAGE
    bomb = archives.response(brotli.compress(bytes(2**24)), Content_Encoding="br")
    assert read(archives.warc({URL: bomb}))[1] == [(f"/{URL}", "suspicious_ratio")]


def test_headers_kept_for_bodies_decoded_before():
    sent = archives.response(PAGE, Content_Encoding="gzip", Transfer_Encoding="chunked")
    assert read(archives.warc({URL: sent}))[0][0].data == PAGE


@pytest.mark.parametrize(
    ("status", "reason"),
    [("404 Not Found", "deleted"), ("410 Gone", "deleted"), ("403 Forbidden", "blocked"), ("503 Busy", "blocked"),
     ("429 Slow down", "rate_limited"), ("525 SSL", "blocked"), ("500 Oops", "site_error"), ("401 Who", "restricted")],
)  # fmt: skip
def test_statuses(status, reason):
    assert read(archives.warc({URL: archives.response(PAGE, status)})) == ([], [(f"/{URL}", reason)])


def test_what_is_no_page_is_counted():
    pages = {
        "https://a.example/": archives.response(b"", "302 Found", Location="/works"),
        "https://a.example/a.png": archives.response(b"\x89PNG", Content_Type="image/png"),
        "https://a.example/b.css": archives.response(b"p {}", Content_Type="text/css"),
        "https://a.example/robots.txt": archives.response(b"User-agent: *", Content_Type="text/plain"),
    }
    content = archives.warc(pages) + archives.warc_record("https://a.example/", b"GET / HTTP/1.1\r\n\r\n", "request")
    items: list[Any] = list(warc.read(Source(Path("nowhere"), "x.warc", content=content), lambda _: ()))
    assert [(item.reason, item.detail) for item in items] == [
        ("not_a_page", "1 image/png, 1 redirects, 1 robots.txt, 1 text/css")
    ]


def test_json_books_and_pages_of_no_stated_type():
    pages = {
        "https://a.example/api": archives.response(b'{"id": 1}', Content_Type="application/json"),
        "https://a.example/b": archives.response(b"PK\3\4", Content_Type="application/epub+zip"),
        "https://a.example/c": archives.response(PAGE, Content_Type="text/x-unknown"),
    }
    assert [page.data[:2] for page in read(archives.warc(pages))[0]] == [b'{"', b"PK", b"<!"]


def test_resources():
    head = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: <%s>\r\nContent-Type: text/html\r\n" % URL.encode()
    (page,), _ = read(head + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(PAGE), PAGE))
    assert (page.url, page.data, page.retrieved_at) == (URL, PAGE, None)


def test_damage():
    content = archives.warc({URL: archives.response(PAGE), f"{URL}2": archives.response(PAGE)})
    found, rejects = read(content[:-30])
    assert (len(found), rejects) == (1, [("", "damaged")])
    wrong = content.replace(b"WARC/1.0", b"WARC/one", 1) + content
    found, rejects = read(wrong)
    assert (len(found), rejects) == (3, [("", "damaged")])
    found, rejects = read(archives.warc({URL: archives.response(PAGE)}, archives.gzipped)[:-20])
    assert (found, rejects) == ([], [("", "damaged")])


def test_arc():
    block = archives.response(PAGE)
    head = b"1 0 Holmes\nURL IP-address Archive-date Content-type Archive-length\n"
    content = b"filedesc://x.arc 0.0.0.0 20100203040506 text/plain %d\n%s\n" % (len(head), head)
    content += b"%s 127.0.0.1 20100203040506 text/html %d\n%s\n" % (URL.encode(), len(block), block)
    assert kind(content) == "warc"
    (page,), rejects = read(content)
    assert (page.data, page.retrieved_at, rejects) == (PAGE, datetime(2010, 2, 3, 4, 5, 6, tzinfo=UTC), [])


def test_wacz():
    content = archives.zipped(
        {
            "archive/data.warc.gz": archives.warc({URL: archives.response(PAGE)}, archives.gzipped),
            "archive/more.warc.gz": b"none",
            "pages/pages.jsonl": b'{"format": "json-pages-1.0"}\n',
            "datapackage.json": b'{"profile": "data-package"}',
        }
    )
    assert kind(content) == "wacz"
    (page,), rejects = read(content, "x.wacz", wacz)
    assert page.ref == f"x.wacz/archive/data.warc.gz/{URL}"
    assert rejects == [("/archive/more.warc.gz", "damaged")]
    assert read(archives.zipped({"datapackage.json": b"{}"}), "x.wacz", wacz) == ([], [("", "damaged")])
    assert kind(archives.zipped({"a.txt": b"night"})) == "zip"


@given(st.binary())
def test_chunks_come_back(body):
    assert without_chunks(chunked(body)) == body


GOOD = archives.warc(
    {URL: archives.response(chunked(ENCODED["gzip"]), Content_Encoding="gzip", Transfer_Encoding="chunked")}
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([bytes, archives.gzipped]), st.data())
def test_mutated_web_archives_end(pack, data):
    changed = bytearray(pack(GOOD * 2))
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(changed))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_samples():
    def sample(name, reader=warc):
        return read((SAMPLES / name).read_bytes(), Path(name).name, reader)

    assert [page.url for page in sample("warc/warcio__example-iana.org-chunked.warc")[0]] == ["http://www.iana.org/"]
    (page,), _ = sample("warc/warcio__example.arc")
    assert page.data.startswith(b"<!doctype html>")
    assert sample("warc/warcio__example-digest.warc")[1] == [("", "not_a_page")]
    assert {reason for _, reason in sample("warc/warcio__example-trunc.warc")[1]} == {"damaged"}
    assert sample("wacz/py-wacz__invalid_example_1.wacz", wacz)[1] == [("", "damaged")]

"""Pages saved as one mail: Chrome, Internet Explorer, Word; named and nested parts; cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.readers import formats
from tests.crawler.readers.test_text import memory
from tests.fixture_folders import cases, check, read_all

LINES = st.sampled_from(
    [
        b"Content-Type: multipart/related; boundary=b\r\n",
        b"Content-Type: multipart/mixed; boundary=bb\r\n",
        b"Content-Type: text/html; charset=\xff\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Location: http://[x/\r\n",
        b"Date: Sat, 99 May 2012 10:00:00 +9900\r\n",
        b"--b\r\n",
        b"--bb\n",
        b"--b--",
        b"\r\n",
        b"<p>It rained, and it rained.</p>",
        b"=E2=80",
        b"PGI+",
        b"\0",
    ]
)


@pytest.mark.parametrize("case", cases("mhtml"), ids=lambda case: case.name)
def test_fixtures(case):
    check(case)


@given(st.lists(LINES, max_size=20).map(b"".join))
def test_any_mail_gives_works_or_rejects(rest):
    data = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n" + rest
    works, rejects = read_all(memory(data, "a.mht"))
    assert works or rejects
    assert {reject.reason for reject in rejects} <= {"damaged", "no_story", "binary"}


def test_a_part_within_parts_without_end_is_bounded():
    data = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
    data += b"--b\nContent-Type: multipart/related; boundary=b\n\n" * 50_000
    works, rejects = read_all(memory(data, "a.mht"))
    assert (works, [reject.reason for reject in rejects]) == ([], ["no_story"])
    assert formats.recognise(memory(data, "a.txt")).name == "mhtml"

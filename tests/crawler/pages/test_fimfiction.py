"""Pages of FimFiction."""

from pathlib import Path

import pytest

from tests.crawler.pages.ffnet_kinds import check, read
from tests.fixture_folders import cases

SAMPLE = Path(__file__).parents[4] / "shared/samples/fimfiction/fimfic2fb2__invisible_chapter.htm"


@pytest.mark.parametrize("case", cases("fimfiction"), ids=lambda case: case.name)
def test_fixture(case):
    check(case)


def test_menu_gives_number_and_count():
    html = """<title>Tea - The Kettle - FIMFiction.net</title><meta property="og:title" content="The Kettle">
    <select><option value="/story/5/1/k/a">A</option><option value="/story/5/2/k/b" selected>B</option></select>
    <div id="chapter-body">Hot.</div>"""
    (work,), _ = read(html, "https://www.fimfiction.net/story/5/the-kettle")
    assert (work.part_number, work.n_chapters_source, work.chapters[0].title) == (2, 2, "Tea")


@pytest.mark.skipif(not SAMPLE.exists(), reason="samples are not here")
def test_sample():
    (work,), _ = read(SAMPLE.read_text("utf-8"))
    assert (work.title, work.source_work_id) == ("Test (no one should see it)", "359505")
    assert work.authors[0].name == "Gandalf2011"
    (chapter,) = work.chapters
    assert chapter.title == "Invisible chapter"
    assert chapter.notes_after.startswith('"Lorem ipsum')
    assert "Author's Note" not in chapter.text
    assert work.engagement.likes == 0

"""Pages of FicWad."""

from pathlib import Path

import pytest

from tests.crawler.pages.ffnet_kinds import check, read
from tests.fixture_folders import cases

SAMPLE = Path(__file__).parents[4] / "shared/samples/other_sites/WebToEpub__UtestFicwadParser.js.txt"


@pytest.mark.parametrize("case", cases("ficwad"), ids=lambda case: case.name)
def test_fixture(case):
    check(case)


def test_original_works_have_no_fandom():
    html = """<div id=story><h2><a href="/category/1">Originals</a> > <a href="/category/9">Fantasy</a></h2>
    <div class=storylist><div><h4><a href="/story/7">A Lamp</a></h4></div></div><div id=storytext>Light.</div></div>"""
    (work,), _ = read(html)
    assert work.fandoms == ()
    assert work.media == ("Originals",)
    assert [field.value for field in work.header] == ["Fantasy"]


@pytest.mark.skipif(not SAMPLE.exists(), reason="samples are not here")
def test_sample():
    index, chapter = (read(html)[0][0] for html in SAMPLE.read_text("utf-8").split("`")[1::2])
    assert (index.title, index.source_work_id, index.n_chapters_source) == ("Beyond the Mask", "33404", 4)
    assert (chapter.title, chapter.source_work_id, chapter.part_number) == ("The Fourth Promise", "24272", 1)
    assert chapter.n_chapters_source == 6
    assert chapter.chapters[0].title == "Part One"

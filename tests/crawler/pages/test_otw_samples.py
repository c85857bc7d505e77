"""Real pages: every statement of the samples' index, where the samples are at hand."""

import ast
import csv
import gzip
import re
from collections import Counter
from typing import Any

import pytest

from crawler.pages.otw_blurb import read_listing, read_navigate
from crawler.pages.page import Page, Refused
from schemas.work import Work
from tests.crawler.pages.otw_pages import SAMPLES, kind_of, outcome, provenance, read

KINDS = {"ao3_work", "ao3_listing", "ao3_series", "ao3_misc", "ao3_fragment", "ao3_download"}
OUTCOMES = {"404 Error": "deleted", "Show Chapter": "adult_gate", "Mystery Work": "unrevealed", "": "rate_limited"}


def rows() -> list[dict[str, str]]:
    index = SAMPLES / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in table if row["kind"] in KINDS and not row["path"].endswith(".epub")]


ROWS = rows()
pytestmark = pytest.mark.skipif(not ROWS, reason="no samples here")


def of(*kinds: str) -> pytest.MarkDecorator:
    chosen = [row for row in ROWS if row["kind"] in kinds]
    return pytest.mark.parametrize("row", chosen, ids=lambda row: row["path"])


def html(row: dict[str, str]) -> str:
    data = (SAMPLES / row["path"]).read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")


def truth(row: dict[str, str]) -> dict[str, Any]:
    """``key=value; key=value`` with values in Python's spelling or bare."""
    pairs = re.findall(r"(\w+)=(.*?)(?=; \w+=|$)", row["ground_truth"])
    values: dict[str, Any] = {}
    for key, text in pairs:
        try:
            values[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[key] = text
    return values


def count(value: Any) -> int:
    return int(str(value).replace(",", "")) if not isinstance(value, tuple) else int("".join(map(str, value)))


@of("ao3_work")
def test_work_pages(row: dict[str, str]) -> None:
    (work,) = read(html(row), path=row["path"])
    said = truth(row)
    if not said:
        assert work.source_work_id
        assert work.chapters[0].text
        return
    names = [said["byline"]] if isinstance(said["byline"], str) else said["byline"]
    assert (work.title, [author.name for author in work.authors]) == (said["title"], names)
    assert [work.rating_raw] == said["rating"]
    assert list(work.warnings_raw) == said["warnings"]
    assert list(work.categories_raw) == said["category"]
    assert list(work.fandoms) == said["fandoms"]
    lists = (work.relationships, work.characters, work.freeforms)
    assert [len(tags) for tags in lists] == [said["n_rel"], said["n_char"], said["n_freeform"]]
    assert work.language_raw == said["language"]
    assert (str(work.published_date), str(work.updated_date or "")) == (said["published"], said["status"])
    assert f"{work.n_chapters_source}/{work.n_chapters_planned or '?'}" == said["chapters"]
    check_counts(work, row)


def check_counts(work: Work, row: dict[str, str]) -> None:
    said = truth(row)
    words = re.search(r"; words=([\d,]+);", row["ground_truth"])
    kudos = re.search(r"; kudos=([\d,]+);", row["ground_truth"])
    assert words is not None
    assert kudos is not None
    assert work.n_words_source == count(words[1])
    assert work.engagement is not None
    assert work.engagement.kudos == count(kudos[1])
    positions = [int(place) for place in re.findall(r"Part (\d+) of", str(said["series"]))]
    assert [series.position for series in work.series][: len(positions)] == positions
    assert len(work.chapters) == count(said["chapters_in_page"])
    text = " ".join(work.chapters[0].text.split())
    assert text.startswith(" ".join(re.split(r"body_starts=", row["ground_truth"])[1].strip("'\"").split())[:50])
    assert abs(len(text.split()) - count(said["body_ws_words_in_page"])) <= max(4, len(text.split()) // 100)
    assert (work.part_number is not None) == (work.n_chapters_source != 1)


@of("ao3_listing", "ao3_series")
def test_lists(row: dict[str, str]) -> None:
    page = Page(html(row))
    listing = read_listing(page, provenance(row["path"]))
    said = row["ground_truth"]
    assert len(listing.works) == int(re.findall(r"blurbs=(\d+)", said)[0])
    assert [f"work_{listing.works[at].source_work_id}" for at in (0, -1)] == re.findall(r"(?:first|last)=(\w+)", said)
    assert listing.heading == ast.literal_eval(re.findall(r"heading=('.*?'|\".*?\");", said)[0])
    following = re.findall(r"; next=(.*?); languages=", said)[0]
    assert (listing.next_url or "None").removeprefix("https://archiveofourown.org") == following
    languages = Counter(work.language_raw for work in listing.works)
    assert dict(languages) == ast.literal_eval(re.findall(r"languages=(\{.*\})", said)[0])
    assert len(read(page.html)) == len(listing.works)
    for work in listing.works:
        assert work.source == "ao3"
        assert work.title
        assert work.authors
        assert work.fandoms
        assert work.rating_raw
        assert work.warnings_raw
        assert work.updated_date


@of("ao3_misc")
def test_pages_without_a_work(row: dict[str, str]) -> None:
    title = truth(row)["title_tag"]
    if "navigate_chapters=0" not in row["ground_truth"]:
        index = read_navigate(Page(html(row)))
        assert index.work_id
        assert all(chapter.chapter_id and chapter.published_date for chapter in index.chapters)
        (work,) = read(html(row), path=row["path"])
        assert (work.source_work_id, work.chapters) == (index.work_id, ())
        assert [each.id for each in work.listed_chapters] == [each.chapter_id for each in index.chapters]
        return
    with pytest.raises(Refused) as caught:
        read(html(row), path=row["path"])
    expected = next((reason for words, reason in OUTCOMES.items() if words and title.startswith(words)), None)
    assert caught.value.reason == (expected or ("no_story" if title else "rate_limited"))


@of("ao3_fragment")
def test_fragments(row: dict[str, str]) -> None:
    (work,) = read(html(row), path=row["path"])
    stated = re.search(r"; (\d+) words; chapters (\d+)/", row["what"])
    assert stated is not None
    assert "title_from_file_name" in work.provenance.flags
    if stated[2] == "1" and int(stated[1]) and not re.search("中文|ไทย", row["what"]):
        n_words = len(work.chapters[0].text.split())
        assert abs(n_words - int(stated[1])) <= int(stated[1]) * 0.15


@of("ao3_download")
def test_downloads(row: dict[str, str]) -> None:
    kind = kind_of(Page(html(row)))
    assert kind is not None
    assert kind.name == "otw_download"
    works = outcome(kind, Page(html(row)), row["path"])
    if "_004" in row["path"]:
        assert works == "no_story"
        return
    assert not isinstance(works, str)
    (work,) = works
    said = truth(row)
    if "h1" not in said:
        assert (work.title, [author.name for author in work.authors]) == ("FiMFic2PDF Example Document", ["Creideiki"])
        return
    assert (work.title, [f"by {author.name}" for author in work.authors]) == (said["h1"], [said["byline"]])
    assert [f"Chapter {c.number}: {c.title}" for c in work.chapters] == said["chapter_headings"]
    assert f"Published: {work.published_date} Updated: {work.updated_date}" in said["tags"]
    assert sum(len(c.text.split()) for c in work.chapters) <= said["body_words"]

"""Dumps and tables: fixtures, mappings, groups, damage, and the real samples."""

from __future__ import annotations

import importlib
import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers import (
    ao3_dump,
    ao3scraper,
    csv_table,
    fanfictionnlp,
    fimfarchive,
    fimfiction_json,
    jsonl,
    jsonl_lines,
    pan,
    parquet_table,
    tables_lines,
    wattpad_json,
)
from crawler.readers.jsonl_lines import unparted_in
from crawler.readers.source import Rejected, Source, Unreadable
from crawler.readers.tables import order_of_days
from crawler.readers.tables_chapters import prose, story_of
from crawler.readers.tables_mapping import guess_mapping
from crawler.readers.tables_values import (
    chapters_of,
    count_of,
    day_of,
    is_visible,
    items_of,
    listed,
    month_first,
    printable,
    prose_of,
)
from schemas.work import Work
from tests.fixture_folders import cases, check_work

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
MODULES = (jsonl, csv_table, fimfiction_json, wattpad_json, pan, fanfictionnlp, ao3scraper, ao3_dump, fimfarchive)


def source_of(data, name="table.jsonl", **known):
    return Source(Path(name), name, content=data.encode() if isinstance(data, str) else data, **known)


def read(module, source, fields=None):
    items = list(module.read(source, fields))
    return [item for item in items if isinstance(item, Work)], [item for item in items if isinstance(item, Rejected)]


@pytest.mark.parametrize("case", cases("tables"), ids=lambda case: case.name)
def test_fixtures(case):
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    module = importlib.import_module(f"crawler.readers.{expected['kind']}")
    (path,) = case.glob("input.*")
    source = Source(path, path.name)
    assert module.recognise(source.head, source.ref)
    works, rejects = read(module, source)
    assert [reject.reason for reject in rejects] == [reject["reason"] for reject in expected.get("rejects", [])]
    assert len(works) == len(expected["works"])
    for work, wanted in zip(works, expected["works"], strict=True):
        check_work(work, wanted)


def test_a_told_mapping_wins():
    data = '{"Heading": "A", "name": "B", "Inhalt": {"lang": "Text."}, "n": 3}\n{"Heading": "C", "Inhalt": {}}\n'
    works, rejects = read(
        jsonl, source_of(data), {"title": "Heading", "text": "Inhalt.lang", "source": "=ao3", "source_work_id": "n"}
    )
    assert [(work.title, work.source, work.source_work_id) for work in works] == [("A", "ao3", "3"), ("C", "ao3", None)]
    assert works[0].chapters[0].text == "Text."
    assert not rejects
    with pytest.raises(Unreadable, match="bad_mapping"):
        read(jsonl, source_of(data), {"tittle": "Heading"})
    with pytest.raises(Unreadable, match="bad_mapping"):
        read(csv_table, source_of("a,b\n1,2\n"), {"title": "c"})


def test_chapters_as_told():
    data = '{"t": "A", "teile": [{"inhalt": "Eins.", "kopf": "I"}]}\n'
    fields = {"title": "t", "chapters": "teile", "chapters.text": "teile.inhalt", "chapters.title": "kopf"}
    (work,), _ = read(jsonl, source_of(data), fields)
    assert [(chapter.title, chapter.text) for chapter in work.chapters] == [("I", "Eins.")]


def test_names_of_columns():
    mapping = guess_mapping(["Story Title", "author.name", "author.avatar", "metadata.Fandom", "Body", "odd"])
    assert mapping.columns == {"title": "Story Title", "fandoms": "metadata.Fandom", "text": "Body"}
    assert mapping.left == ("odd",)


def test_values():
    assert [count_of(value) for value in ("2,403", "2.403.100", 7.0, "1.5k", "-1", True, "nan", 2**40)] == [
        *(2403, 2403100, 7),
        *(None, None, None, None, None),
    ]
    assert chapters_of("3/?") == (3, None)
    assert day_of("2014-01-28T23:30:00-05:00") == date(2014, 1, 29)
    assert day_of(1309035953) == date(2011, 6, 25)
    assert day_of("2/3/2021") is None
    assert day_of("2/3/2021", month_first=True) == date(2021, 2, 3)
    assert day_of("1969-12-31T19:00:00-05:00") is None
    flags: list[str] = []
    assert items_of("A; B, C", flags) == ("A", "B, C")
    assert not flags
    assert items_of("A, B (x, y)", flags) == ("A", "B (x, y)")
    assert flags == ["lists_split_at_commas"]
    assert listed("['a', \"b's\"]") == ["a", "b's"]
    assert isinstance(listed("[" * 5000 + "]" * 5000), str)


def test_describe_mapping():
    told = jsonl.describe_mapping(source_of('{"title": "A", "text": "B", "odd": 3}\n{"title": "C"}\n'))
    assert told.splitlines()[2:] == ["title   title     A", "text    text      B", "odd     (header)  3"]


@pytest.mark.parametrize(
    "data",
    [
        '[{"title": "A", "text": "One."}, {"title": "B", "text": "Two."}]',
        '[\n{"title": "A", "text": "One."},\n{"title": "B", "text": "Two."}\n]\n',
        '{"works": [{"title": "A", "text": "One."}, {"title": "B", "text": "Two."}]}',
        '{"x1": {"title": "A", "text": "One."}, "x2": {"title": "B", "text": "Two."}}',
        '\ufeff{"title": "A", "text": "One."}\r\n{"title": "B", "text": "Two."}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_shapes_of_json(data, encoding):
    works, rejects = read(jsonl, source_of(data.encode(encoding)))
    assert [(work.title, work.chapters[0].text) for work in works] == [("A", "One."), ("B", "Two.")]
    assert not rejects
    assert len({work.provenance.raw_sha256 for work in works}) == 2


def test_lone_surrogates_and_nan():
    (work,), _ = (
        read(jsonl, source_of('{"title": "A\\ud800", "text": "B\\udc00", "score": NaN}\n{"text": "x"}\n', "a"))[0][:1],
        None,
    )
    assert (work.title, work.chapters[0].text) == ("A\ufffd", "B\ufffd")


def test_long_lines_and_open_quotes():
    data = '{"title": "A", "text": "' + "x" * 5000 + '"}\n{"title": "B", "text": "short"}\n'
    works, rejects = read(jsonl, source_of('{"title": "0", "text": "first"}\n' + data, max_bytes=1000))
    assert [work.title for work in works] == ["0", "B"]
    assert [reject.reason for reject in rejects] == ["too_large"]
    works, rejects = read(csv_table, source_of('title,text,id\nA,one,1\nB,"two\nC,three,3\n', "a.csv"))
    assert [work.title for work in works] == ["A"]
    assert [reject.reason for reject in rejects] == ["bad_row"]


def test_csv_in_windows_1252_and_tsv():
    works, _ = read(csv_table, source_of("title;text;id\nCafé;Elle était là, bien sûr.;1\n".encode("cp1252"), "a.csv"))
    assert (works[0].title, works[0].chapters[0].text) == ("Café", "Elle était là, bien sûr.")
    works, _ = read(csv_table, source_of('title\ttext\nA\t"Run," he said.\n', "a.tsv"))
    assert works[0].chapters[0].text == '"Run," he said.'


def test_line_ends_of_the_old_mac():
    works, rejects = read(csv_table, source_of("title,text\rA,one\rB,two\r", "a.csv"))
    assert ([work.title for work in works], rejects) == (["A", "B"], [])


def test_no_table_of_works():
    for data in ('{"format": "json-pages-1.0", "id": "p"}\n{"url": "https://a.example/", "title": "A"}\n', "[1, 2]"):
        with pytest.raises(Unreadable, match="no_story"):
            read(jsonl, source_of(data))
    with pytest.raises(Unreadable, match="bad_json"):
        read(jsonl, source_of('{"title": '))
    with pytest.raises(Unreadable, match="no_story"):
        read(pan, source_of('{"id": "a", "same": true, "authors": ["1", "2"]}\n'))


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [{"title": "A", "body": "One.\n\nTwo.", "tags": ["x", "y"], "published": date(2020, 1, 2)}] * 2
    pq.write_table(pa.Table.from_pylist(rows), path)
    source = Source(path, path.name)
    assert parquet_table.recognise(source.head, source.ref)
    works, rejects = read(parquet_table, source)
    assert (len(works), rejects) == (2, [])
    assert (works[0].freeforms, works[0].published_date) == (("x", "y"), date(2020, 1, 2))
    with pytest.raises(Unreadable, match="damaged"):
        read(parquet_table, source_of(path.read_bytes()[:-9], "b.parquet"))


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def fimfarchive_zip(epub):
    (case,) = [case for case in cases("tables") if case.name == "fimfarchive_index"]
    index = (case / "input.json").read_text("utf-8")
    return zipped({"index.json": index, "epub/l/lamp-7/the_lamp-31.epub": epub})


def test_fimfarchive_zip(tmp_path):
    opf = (
        '<package><manifest><item id="a" href="Chapter1.html"/><item id="b" href="Chapter1_split_001.html"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    first = '<body><h1>Dusk</h1><div id="authors-note"><p>Hello.</p></div><div id="content"><p>One.</p></div></body>'
    second = '<body><p>Two.</p><div id="authors-note"><p>Bye.</p></div></body>'
    epub = zipped({"content.opf": opf, "Chapter1.html": first, "Chapter1_split_001.html": second})
    path = tmp_path / "fimfarchive.zip"
    path.write_bytes(fimfarchive_zip(epub))
    source = Source(path, path.name)
    assert fimfarchive.is_archive(source)
    works, rejects = read(fimfarchive, source)
    (chapter,) = works[0].chapters
    assert (chapter.title, chapter.text, chapter.hits, chapter.number) == ("Dusk", "One.\n\nTwo.", 11, 1)
    assert (chapter.notes_before, chapter.notes_after) == ("Hello.", "Bye.")
    assert chapter.updated_date == date(2015, 2, 3)
    assert [reject.reason for reject in rejects] == ["bad_row"]
    assert not fimfarchive.is_archive(source_of(zipped({"a.txt": "x"})))


def test_fimfarchive_keeps_what_the_index_states_of_a_lost_epub():
    works, rejects = read(fimfarchive, source_of(fimfarchive_zip(b"no zip"), "f.zip"))
    assert [reject.reason for reject in rejects] == ["damaged", "bad_row"]
    assert [(work.title, work.chapters, work.provenance.flags) for work in works] == [
        (works[0].title, (), ("text_missing",))
    ]
    (case,) = [case for case in cases("tables") if case.name == "fimfarchive_index"]
    works, rejects = read(
        fimfarchive, source_of(zipped({"index.json": (case / "input.json").read_text("utf-8")}), "f.zip")
    )
    assert [reject.detail for reject in rejects][:1] == ["EPUB: named by the index and not in the archive"]
    assert [work.provenance.flags for work in works] == [("text_missing",)]


def test_dump_with_tags(tmp_path):
    works = tmp_path / "works-20210226.csv"
    works.write_text(
        "creation date,language,restricted,complete,word_count,tags,\n2021-02-03,en,False,True,,10+23+71+72+99,\n"
        "2021-02-03,en,True,False,0,,\n"
    )
    (tmp_path / "tags-20210226.csv").write_text(
        "id,type,name,canonical,cached_count,merger_id\n10,Rating,General Audiences,True,9,\n23,Category,M/M,True,9,\n"
        "71,Freeform,foggy,False,5,70\n70,Freeform,Fog,True,9,\n72,Character,Redacted,False,1,\n"
    )
    found, rejects = read(ao3_dump, Source(works, works.name))
    assert not rejects
    assert (found[0].rating_raw, found[0].categories_raw, found[0].freeforms) == (
        "General Audiences",
        ("M/M",),
        ("Fog",),
    )
    assert [field.value for field in found[0].header] == ["false", "72+99"]
    assert (found[0].n_words_source, found[1].n_words_source) == (None, 0)
    assert (found[0].title, found[0].source_work_id) == ("AO3 dump row 1", "works-20210226-row-1")


@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=300),
    st.sampled_from(MODULES),
    st.sampled_from(["", '{"title":', "title,text\n", "[{", "PK\3\4"]),
)
def test_any_bytes(data, module, start):
    try:
        for item in module.read(source_of(start.encode() + data, "a")):
            assert isinstance(item, Work | Rejected)
    except Unreadable:
        pass


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(min_size=1).filter(lambda text: text.strip()), min_size=1, max_size=5))
def test_no_word_is_lost(texts):
    data = "".join(json.dumps({"title": f"t{n}", "text": f"word {text}"}) + "\n" for n, text in enumerate(texts))
    works, rejects = read(jsonl, source_of(data))
    assert not rejects
    assert len(works) == len(texts)


needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")


def sample(name):
    return Source(SAMPLES / name, Path(name).name)


@needs_samples
def test_samples():
    works, rejects = read(ao3scraper, sample("ao3scraper_csv/AO3_Metadata_Analyzer__fanfics.csv"))
    assert (len(works), rejects) == (1210, [])
    assert (works[0].source_work_id, works[0].title) == ("55626877", "Building a Home")
    assert works[0].authors[0].name == "Groot_the_tree"
    assert {work.rating_raw for work in works} == {"General Audiences"}
    works, rejects = read(ao3_dump, sample("ao3_dump/Hackathon__works-20210226.csv"))
    assert (len(works), rejects, works[0].n_words_source) == (999, [], 13207)
    works, rejects = read(fanfictionnlp, sample("csv_paragraphs/fanfiction-nlp__10118594_0004.csv"))
    assert (works[0].source_work_id, works[0].part_number) == ("10118594", 4)
    assert len(works[0].chapters[0].text.split("\n\n")) == 29
    works, rejects = read(pan, sample("jsonl/authorship-verification-context-vector__pan-demo-smalll.jsonl"))
    assert (len(works), rejects) == (18, [])
    assert all(3500 < len(work.chapters[0].text.split()) < 4100 for work in works)
    (work,), _ = read(wattpad_json, sample("wattpad/FanFicFare__wattpadcom_api_story_return.json"))
    assert (work.source_work_id, work.n_chapters_source, work.language_raw) == ("173080052", 77, "English")
    for name in ("fimfiction/FimFiction-Java__test_story.json", "fimfarchive/fimfarchive__test_fimfarchive.json"):
        assert fimfiction_json.recognise(sample(name).head, name)
        (work,), _ = read(fimfiction_json, sample(name))
        assert work.source == "fimfiction"


def outcome(source):
    """Works and rejects of a table, or why there are none."""
    try:
        return read(csv_table, source)
    except Unreadable as error:
        return str(error)


BYTES = [b"a,b", b'"', b"\n", b"\r\n", b"x" * 9, b"\xe9", "é".encode(), b"\0", b'""', b",", b"\xff"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(BYTES)), st.integers(1, 40), st.integers(1, 40))
def test_runs_are_the_lines(pieces, run, limit):
    data = b"title,text\n" + b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables_lines, "_RUN", run)
        runs = list(tables_lines.runs_of(io.BytesIO(data), limit))
        lines = [line for _, line in tables_lines.lines_of(io.BytesIO(data), limit)]
        assert [line for piece in runs for line in (io.BytesIO(piece) if piece else [b""])] == lines
        few = outcome(source_of(data, "t.csv", max_bytes=10_000))
        patch.setattr(tables_lines, "_RUN", 1 << 18)
        assert outcome(source_of(data, "t.csv", max_bytes=10_000)) == few


@given(st.dictionaries(st.integers(1, 30), st.tuples(st.sampled_from(["A", "B", ""]), st.integers(0, 30)), max_size=30))
def test_tags_are_found_by_number(known):
    tags = ao3_dump.Tags()
    for number, (name, merger) in known.items():
        tags.add(number, 1, name, merger)
    for number in range(32):
        place, best = number, None
        for _ in range(ao3_dump._MAX_STEPS):
            if place not in known:
                break
            name, merger = known[place]
            best = ("fandoms", name) if name else best
            place = merger
        assert tags.find(number) == tags.find(number) == best


def test_a_paragraph_goes_on_with_a_row_that_says_nothing_of_chapters():
    rows = [{"id": "1", "title": "T", "text": "One."}, {"id": "1", "title": "T", "text": "Two.", "paragraph": 2}]
    works, rejects = read(jsonl, source_of("\n".join(map(json.dumps, rows))))
    assert [chapter.text for chapter in works[0].chapters] == ["One.\n\nTwo."]
    assert (len(works), rejects) == (1, [])


@given(
    st.lists(st.sampled_from(["\n", "\n\n", "\r\n", "\r", " ", "\0", "\ufeff", "\ud800", "A line.", "é", "第"])).map(
        "".join
    )
)
def test_prose_is_that_of_its_convention(cell):
    text = printable(cell)
    assert prose(cell) == (story_of(text) if is_visible(text) else None)
    if "\ud800" not in cell:
        assert prose_of(cell, cell.encode()) == prose_of(cell)


@given(st.text(alphabet="0123/ a\n٣", max_size=60), st.sampled_from(["1/2/2020", "13/2/2020", "2/13/2020", ""]))
def test_the_order_of_days_is_that_of_its_dates(text, day):
    head = f"{text[:30]}{day}{text[30:]}"
    days = re.findall(r"(?<![\d/])\d{1,2}/\d{1,2}/\d{4}(?![\d/])", head)
    assert order_of_days(head) == month_first(days)


PIECES = st.sampled_from(
    ["a", "\n", "\n\n", "\n \n", "\\", '"', "\r", "\t", "\0", "é", "“", "\U0001f600", "/n", "u000a", "x" * 9]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_a_text_told_as_parted_among_the_bytes_of_its_json_is_so(text, escaped):
    raw = json.dumps({"id": 1, "text": text}, ensure_ascii=escaped).encode()
    if not unparted_in(raw):
        assert prose_of(text) in (None, (text, True))
        assert prose_of(text, is_parted=True) == prose_of(text)


@pytest.mark.parametrize(
    ("text", "is_parted"),
    [("a\n\nb", True), ("a", True), ("a\n\n\nb", True), ('“a”\n\n"b"', True), ("a\nb", False), ("a\n\nb\nc", False)],
)
def test_most_prose_is_told_as_parted(text, is_parted):
    assert (not unparted_in(json.dumps({"text": text}).encode())) == is_parted
    assert (not unparted_in(json.dumps({"text": text}, ensure_ascii=False).encode())) == is_parted


def test_rows_are_the_same_however_the_text_is_told_to_be_parted(monkeypatch):
    texts = ["p\n\n" * 600, "p\n" * 1200, "“p”\n\n" * 400 + "q\nr", "p\r\n\r\n" * 500, "\0p\n\n" * 400]
    lines = b"\n".join(json.dumps({"title": f"T{n}", "text": text}).encode() for n, text in enumerate(texts))
    source = Source(Path("a.jsonl"), "a.jsonl", content=lines)
    found = list(jsonl.read(source))
    monkeypatch.setattr("crawler.readers.jsonl_lines.unparted_in", lambda raw: list(range(len(raw))))
    assert found == list(jsonl.read(source))


LINES = st.sampled_from(
    ["a", "\n", "\r\n", "\0", "\\\\", "\\n", "\\n\\n", "\\r", "\\u0000", "\\u00e9", '\\"', "é", "x" * 9]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES).map("".join).map(str.encode), st.integers(1, 40), st.integers(1, 60))
def test_lines_of_json_are_the_lines_however_many_are_read_at_once(data, run, limit):
    each = [
        None if line is tables_lines.TOO_LONG else line for _, line in tables_lines.lines_of(io.BytesIO(data), limit)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl_lines, "_RUN", run)
        for stream in (io.BytesIO(data), io.BufferedReader(io.BytesIO(data))):
            found = list(jsonl_lines.lines_of(stream, limit, 7))
            assert [number for number, _, _ in found] == list(range(7, 7 + len(each)))
            for (_, line, is_parted), whole in zip(found, each, strict=True):
                assert (line is None) == (whole is None)
                if line is not None and whole is not None:
                    assert bytes(line) == whole.removesuffix(b"\n")
                    assert is_parted == (not jsonl_lines.unparted_in(bytes(line) + b"\n"))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a": 1}', b'{"a": 1}'),
        (b'{"a": 1},\r', b'{"a": 1}'),
        (b"{}", b"{}"),
        (b"{},,", None),
        (b"{", None),
        (b"},", None),
        (b"", None),
        (b",", None),
        (b" {}", None),
        (b"{} ", None),
    ],
)
def test_an_object_that_is_a_line_is_told_by_its_ends(line, value):
    found = jsonl_lines.object_of(memoryview(line))
    assert (None if found is None else bytes(found)) == value

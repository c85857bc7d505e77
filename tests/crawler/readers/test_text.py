from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.readers import formats, text
from crawler.readers.source import Item, Rejected, Source, Unreadable
from schemas.work import Work

FIXTURES = Path(__file__).parents[2] / "fixtures" / "text"
CASES = sorted(path.name for path in FIXTURES.iterdir())


def memory(data: bytes, ref: str = "a story.txt") -> Source:
    """A source whose bytes are at hand."""
    return Source(Path(ref), ref, content=data)


def read(data: bytes | str, ref: str = "a story.txt") -> Work:
    (work,) = formats.read(memory(data.encode() if isinstance(data, str) else data, ref))
    assert isinstance(work, Work)
    return work


def holds(actual, expected) -> bool:
    """Whether every key that the expectation names has the value that it names."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(holds(actual.get(key), value) for key, value in expected.items())
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(holds, actual, expected))
    return bool(actual == expected)


@pytest.mark.parametrize("case", CASES)
def test_fixture(case):
    folder = FIXTURES / case
    if (folder / "reject.json").exists():
        expected = json.loads((folder / "reject.json").read_text("utf-8"))
        with pytest.raises(Unreadable) as error:
            list(formats.read(Source(folder / "input.txt", expected.get("ref", "input.txt"))))
        assert error.value.reason == expected["reason"]
        return
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    (work,) = formats.read(Source(folder / "input.txt", expected.get("ref", "input.txt")))
    assert isinstance(work, Work)
    actual = work.model_dump(mode="json")
    for name, value in expected["work"].items():
        assert holds(actual[name], value), (name, actual[name])
    for name, value in expected["provenance"].items():
        assert actual["provenance"][name] == value, name
    assert [(chapter.number, chapter.title) for chapter in work.chapters] == [
        (chapter["number"], chapter["title"]) for chapter in expected["chapters"]
    ]
    for chapter, wanted in zip(work.chapters, expected["chapters"], strict=True):
        assert chapter.text.startswith(wanted["begins"])
        assert chapter.text.endswith(wanted["ends"])
        if "paragraphs" in wanted:
            assert len(re.split(r"\n{2,}", chapter.text)) == wanted["paragraphs"]
        assert all(passage in chapter.text for passage in wanted.get("holds", []))


@pytest.mark.parametrize(
    ("ref", "title"),
    [
        ("01 - The Hound.txt", "The Hound"),
        ("000_the_hound.txt", "the hound"),
        ("dir/the-long-fog.md", "the long fog"),
        ("39_steps.txt", "39 steps"),
        ("1984.txt", "1984"),
        ("a5361aa42ef0a3b7.txt", "a5361aa42ef0a3b7"),
        ("000_a5361aa42ef0a3b7.txt", "000_a5361aa42ef0a3b7"),
        ("Mr. Holmes vol. 2", "Mr. Holmes vol. 2"),
        ("well-known facts.txt", "well-known facts"),
        ("bad\udcff.txt", "bad\\udcff"),
    ],
)
def test_title_from_name(ref, title):
    assert text.title_from_name(ref) == title


def test_provenance_names_the_file_and_its_hash():
    work = read(b"Title: T\n\nIt rained.", "in/t.txt")
    assert work.provenance.path == "in/t.txt"
    assert work.provenance.format == "text"
    assert work.provenance.raw_sha256 == hashlib.sha256(b"Title: T\n\nIt rained.").hexdigest()


def outcome(reader: Callable[[Source], Iterable[Item]], source: Source) -> Work | str:
    """The work of a source, or the reason why there is none; any other exception fails the test.

    Bytes of another format may give several works and rejects: the first of them is told.
    """
    try:
        items = list(reader(source))
    except Unreadable as error:
        return error.reason
    assert items
    assert all(isinstance(item, (Work, Rejected)) for item in items)
    return items[0].reason if isinstance(items[0], Rejected) else items[0]


@example(b"filedesc://")
@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda value: value.encode("utf-8", "surrogatepass"))
    | st.lists(
        st.sampled_from(
            [
                "Title: X",
                "Summary:",
                "by A",
                "",
                "Chapter 1",
                "1.",
                "<p>",
                "“Ah,”",
                "//----//",
                "A/N: x",
                "* * *",
                "\t",
                "Ã©",
                "Part 2/7",
            ]
        )
    ).map(lambda lines: "\n".join(lines).encode())
)
def test_any_bytes_are_a_work_or_unreadable(data):
    for reader in (formats.read, text.read):
        result = outcome(reader, memory(data))
        if isinstance(result, str):
            assert result
        else:  # only formats that are no text give works of metadata alone
            assert result.title
            assert result.chapters or result.provenance.format != "text"


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9), min_size=3, max_size=40)
LABELS = ["Title", "Author", "Fandom", "Rating", "Summary", "Disclaimer", "Feedback", "Genre"]


@settings(deadline=None, max_examples=60)
@given(st.permutations(LABELS), st.integers(2, 8), st.data())
def test_header_and_story_come_back(labels, count, data):
    chosen = labels[:count] if "Title" in labels[:count] else ["Title", *labels[: count - 1]]
    values = {label: " ".join(data.draw(WORDS)[:3]).capitalize() for label in chosen}
    story = "\n\n".join(" ".join(data.draw(WORDS)).capitalize() + "." for _ in range(3))
    work = read("\n".join(f"{label}: {value}" for label, value in values.items()) + "\n\n" + story)
    assert work.title == values["Title"]
    assert [chapter.text for chapter in work.chapters] == [story]
    assert work.provenance.layout == "key-value"
    if "Summary" in values:
        assert work.summary == values["Summary"]
    if "Disclaimer" in values:
        assert ("Disclaimer", values["Disclaimer"]) in {(field.label, field.value) for field in work.header}


LINES = st.lists(
    st.one_of(
        WORDS.map(" ".join),
        WORDS.map(lambda words: " ".join(words).capitalize() + "."),
        WORDS.map(lambda words: "Zeta: " + " ".join(words)),
        WORDS.map(lambda words: "Summary: " + " ".join(words)),
        WORDS.map(lambda words: "Notes: " + " ".join(words)),
        WORDS.map(lambda words: "by " + " ".join(words[:2])),
        st.integers(1, 5).map(lambda number: f"Chapter {number}"),
        st.just(""),
    ),
    min_size=1,
    max_size=25,
)
OWN_WORDS = {"summary", "notes", "by", "chapter"}


@settings(deadline=None, max_examples=150)
@given(LINES)
def test_no_word_is_lost(lines):
    given_text = "\n".join(lines)
    work = outcome(formats.read, memory(given_text.encode(), "q.txt"))
    if isinstance(work, str):
        assert work in ("no_story", "empty")
        return
    kept = json.dumps(work.model_dump(mode="json"), ensure_ascii=False).replace("\\n", " ")
    missing = set(re.findall(r"[^\W\d]+", given_text.casefold())) - set(re.findall(r"[^\W\d]+", kept.casefold()))
    assert missing <= OWN_WORDS


SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of the project are not here")


def sample(name: str) -> Work:
    path = SAMPLES / name
    (work,) = formats.read(Source(path, name))
    assert isinstance(work, Work)
    return work


@samples
def test_the_seed():
    (path,) = (SAMPLES / "seed").iterdir()
    work = sample(f"seed/{path.name}")
    assert work.fandoms == ("Law & Order: Special Victims Unit",)
    assert work.title == "What Happens Now?"
    assert work.summary is not None
    assert work.summary.startswith("Post Witness episode")
    assert work.summary.endswith("Alex/Olivia pairing.")
    assert work.relationships == ()
    (chapter,) = work.chapters
    assert chapter.text.startswith("By the time Olivia came to her senses")
    assert chapter.text.endswith('I would love to."')


@samples
@pytest.mark.parametrize(
    ("name", "title", "author", "layout", "words"),
    [
        ("txt/fanfiction_theatre__fanfic_sample.txt", "That's Why They Call It Duck Tape", None, "title", 780),
        ("txt/fiction-dl__Text_Source_Example.txt", "Harry Potter: Space Wizard", "Taure", "fiction-dl", 1702),
        ("txt/fimfic_quote_attribution__ss_ch3.txt", "Shattered Skies", "Arctikfox", "fimfiction", 7532),
        ("txt/fanfic_generator__colours_of_the_kaze.txt", "fanfic generator colours of the kaze", None, "none", 1166),
    ],
)
def test_the_text_samples(name, title, author, layout, words):
    work = sample(name)
    assert work.title == title
    assert [one.name for one in work.authors] == ([author] if author else [])
    assert work.provenance.layout == layout
    assert sum(len(chapter.text.split()) for chapter in work.chapters) == words


@samples
@pytest.mark.parametrize("kind", ["txt", "hpmor", "encodings", "mojibake", "seed"])
def test_every_sample_is_a_work_or_has_a_fitting_reason(kind):
    for path in sorted((SAMPLES / kind).iterdir()):
        result = outcome(formats.read, Source(path, path.name))
        if path.suffix in (".xml", ".opf"):
            assert result == "format_not_supported", path.name
        elif path.suffix == ".json":
            assert result == "no_story", path.name
        elif "EUC-TW" in path.name:
            assert result == "encoding_not_supported"
        else:
            assert isinstance(result, Work), path.name

"""Pieces of works: which belong together, and what they make."""

from datetime import UTC, date, datetime

import pytest

from pipelines.parts import PartKey, are_one_work, join, part_key
from schemas.work import Chapter, ListedChapter
from tests.works import work

NO_HEADER = ("title_from_file_name",)


def file(path, **changes):
    """A text file without a header."""
    item = work("Some text.", path=path)
    provenance = item.provenance.model_copy(update={"flags": NO_HEADER})
    return item.model_copy(update={"provenance": provenance, "chapters": (Chapter(text="Some text."),)} | changes)


def page(number, text="Text.", *, chapter_id=None, day=1, **fields):
    """A page with one chapter of a work of an archive."""
    seen = datetime(2024, 1, day, tzinfo=UTC)
    item = work(text, source="ffnet", source_work_id="9", path=f"{number}-{day}.html", retrieved_at=seen, **fields)
    chapters = (Chapter(text=text, source_chapter_id=chapter_id),)
    return item.model_copy(update={"part_number": number, "chapters": chapters})


@pytest.mark.parametrize(
    ("path", "key", "number"),
    [
        ("Fog/chapter_03.txt", "folder:Fog/.txt", 3),
        ("Fog/Ch 12.txt", "folder:Fog/.txt", 12),
        ("Fog/03.txt", "folder:Fog/.txt", 3),
        ("my_fog_part2.TXT", "folder:./my_fog.txt", 2),
        ("Nebel/Kapitel 1.txt", "folder:Nebel/.txt", 1),
    ],
)
def test_numbered_files_are_pieces(path, key, number):
    found = part_key(file(path))
    assert found is not None
    assert (found.key, found.number) == (key, number)


@pytest.mark.parametrize(
    "path", ["Fog/The Hound.txt", "story-000012.txt", "Catch 22.txt", "Fog/a1b2c3.txt", "1984b.txt"]
)
def test_other_names_are_whole_works(path):
    assert part_key(file(path)) is None


def test_a_file_with_a_header_is_a_whole_work():
    assert part_key(work("Text.", path="Fog/chapter_03.txt")) is None
    assert part_key(file("Fog/chapter_03.txt", fandoms=("Sherlock Holmes",))) is None


def test_a_heading_that_gives_another_number_is_believed():
    assert part_key(file("Fog/chapter_03.txt", chapters=(Chapter(text="x", number=4),))) is None


def test_pages_are_pieces_by_what_they_state():
    found = part_key(page(4))
    assert found is not None
    assert (found.key, found.number) == ("ffnet:9", 4)
    assert part_key(work("Text.", source="ffnet", source_work_id="9")) is None


@pytest.mark.parametrize(
    ("numbers", "together"),
    [
        ([1, 2, 3], True),
        ([0, 1, 2], True),
        ([1, 3], True),
        ([2, 3], True),
        ([1], False),
        ([1, 1], False),
        ([1, 9], False),
        ([40, 41], False),
    ],
)
def test_files_are_one_work_when_they_count_on(numbers, together):
    assert are_one_work([(number, file(f"{number}.txt")) for number in numbers]) is together


def test_pages_make_a_work_in_the_order_of_their_numbers():
    joined = join([(2, page(2, "Second.")), (1, page(1, "First.")), (3, page(3, "Third."))])
    assert [chapter.text for chapter in joined.chapters] == ["First.", "Second.", "Third."]
    assert joined.part_number is None
    assert "joined_from_parts" in joined.provenance.flags


def test_of_two_pages_with_one_number_the_newer_counts():
    joined = join([(1, page(1, "Old.", day=1)), (1, page(1, "New.", day=2)), (2, page(2, "Next.", day=1))])
    assert [chapter.text for chapter in joined.chapters] == ["New.", "Next."]
    assert joined.provenance.retrieved_at == datetime(2024, 1, 2, tzinfo=UTC)


def test_what_the_newest_page_does_not_state_comes_from_the_others():
    joined = join([(1, page(1, day=2)), (2, page(2, summary="What happened.", fandoms=("Holmes",)))])
    assert (joined.summary, joined.fandoms) == ("What happened.", ("Holmes",))


def test_a_chapter_that_two_pages_hold_comes_once():
    joined = join([(1, page(1, "Same.", chapter_id="77")), (2, page(2, "Same.", chapter_id="77"))])
    assert [chapter.source_chapter_id for chapter in joined.chapters] == ["77"]


def test_missing_chapters_are_told():
    assert "chapters_missing" in join([(1, page(1, n_chapters_source=5)), (2, page(2))]).provenance.flags
    assert "chapters_missing" not in join([(1, page(1, n_chapters_source=2)), (2, page(2))]).provenance.flags
    files = [(1, file("Fog/ch1.txt")), (3, file("Fog/ch3.txt"))]
    assert "chapters_missing" in join(files).provenance.flags


def test_the_order_of_the_pieces_does_not_matter():
    pieces = [(1, page(1, "A.")), (2, page(2, "B.", day=2)), (2, page(2, "C."))]
    assert join(pieces) == join(pieces[::-1])


def index(*listed, **fields):
    """An index page: what it lists, and no text."""
    item = work("", source="ffnet", source_work_id="9", path="index.html", **fields)
    return item.model_copy(update={"chapters": (), "listed_chapters": listed})


def test_an_index_page_is_a_piece_and_orders_the_chapters():
    listed = (
        ListedChapter(title="Dusk", id="30", published_date=date(2020, 1, 2), n_words=7),
        ListedChapter(title="Dawn", id="20", url="https://example.org/20"),
    )
    page_of = index(*listed, summary="Night.", n_chapters_source=2)
    key = part_key(page_of)
    assert key is not None
    assert (key.key, key.number) == ("ffnet:9", 0)
    pages = [(20, page(20, "The sun rose.", chapter_id="20")), (30, page(30, "The sun set.", chapter_id="30"))]
    by_id = {"flags": ("part_ordered_by_chapter_id",)}
    pages = [
        (number, each.model_copy(update={"provenance": each.provenance.model_copy(update=by_id)}))
        for number, each in pages
    ]
    assert "part_ordered_by_chapter_id" in join(pages).provenance.flags
    whole = join([(0, page_of), *pages])
    assert [chapter.text for chapter in whole.chapters] == ["The sun set.", "The sun rose."]
    assert [chapter.title for chapter in whole.chapters] == ["Dusk", "Dawn"]
    assert whole.chapters[0].published_date == date(2020, 1, 2)
    assert (whole.chapters[0].n_words_source, whole.chapters[1].url) == (7, "https://example.org/20")
    assert (whole.summary, whole.n_chapters_source, whole.listed_chapters) == ("Night.", 2, ())
    assert whole.provenance.path == "20-1.html"
    assert whole.provenance.flags == ("joined_from_parts",)


def test_a_list_that_lacks_a_chapter_says_nothing_of_the_order_and_is_kept_where_it_knows_more():
    listed = (ListedChapter(title="Two", number=2), ListedChapter(title="Three", number=3))
    held = page(2, "Second.")
    held = held.model_copy(update={"chapters": (Chapter(text="First.", number=1), Chapter(text="Second.", number=2))})
    whole = join([(0, index(*listed, n_chapters_source=3)), (2, held)])
    assert [(chapter.number, chapter.title) for chapter in whole.chapters] == [(1, None), (2, "Two")]
    assert whole.listed_chapters == listed
    assert "chapters_missing" in whole.provenance.flags


def test_an_index_page_alone_is_a_work_without_text():
    alone = index(ListedChapter(title="One", number=1), n_chapters_source=1)
    assert join([(0, alone)]) == alone


def test_pages_whose_titles_name_work_and_chapter_are_pieces():
    def chapter(number, name):
        item = work("Text.", title="The Fog", path=f"Fog/{name}.html")
        made = item.provenance.model_copy(update={"flags": ("origin_unknown", "chapter_in_title")})
        return item.model_copy(update={"provenance": made, "chapters": (Chapter(text=name, number=number),)})

    pieces = [(2, chapter(2, "b")), (1, chapter(1, "a"))]
    assert {part_key(piece) for _, piece in pieces} == {
        PartKey("folder:Fog/The Fog", 1),
        PartKey("folder:Fog/The Fog", 2),
    }
    whole = join(pieces)
    assert (whole.title, [chapter.text for chapter in whole.chapters]) == ("The Fog", ["a", "b"])

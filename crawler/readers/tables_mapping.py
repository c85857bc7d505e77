"""Which column of a table is which field of a work: as told in ``corpus.toml``, else by the columns' usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from crawler.readers.source import Unreadable

CONSTANT: Final = "="
"""A mapping to ``=ao3`` gives every row the value ``ao3``."""

_ALIASES: Final[dict[str, str]] = {
    "title": "title storytitle worktitle fictitle ficname booktitle storyname bookname name",
    "text": "text body content story storytext fulltext storycontent contents fictext rawtext html prose cleantext "
    "storyhtml textcontent chaptertext chaptercontent chapterbody fic",
    "chapters": "chapters chapterlist chaptertexts zchapters parts",
    "authors": "authors author authornames authorname username writer writers creator creators byline penname user "
    "pseud",
    "author_id": "authorid userid writerid creatorid",
    "author_url": "authorurl authorlink authorhref",
    "source_work_id": "workid storyid ficid fanficid bookid novelid sourceworkid id",
    "url": "url storyurl workurl link storylink worklink permalink href uri sourceurl",
    "source": "source site archive sitename website",
    "summary": "summary description blurb synopsis storysummary abstract descriptionhtml",
    "short_summary": "shortsummary shortdescription descriptionshort tagline",
    "fandoms": "fandoms fandom fandomname fandomtags fandomnames",
    "category": "category categories cat",
    "relationships": "relationships relationship pairings pairing ships ship relationshiptags",
    "characters": "characters character charactertags",
    "freeforms": "freeforms freeform additionaltags freeformtags tags tag keywords additionaltag",
    "warnings_raw": "warnings warning archivewarnings archivewarning contentwarnings",
    "genres": "genres genre",
    "media": "media",
    "rating_raw": "rating rated contentrating agerating maturityrating",
    "status_raw": "status completionstatus storystatus iscomplete complete completed",
    "language_raw": "language lang languagename languagecode langcode",
    "is_crossover": "iscrossover crossover",
    "published_date": "published publisheddate publishdate datepublished publicationdate posted dateposted "
    "datesubmitted created createdat creationdate datecreated createdate firstpublished date",
    "updated_date": "updated updatedat updateddate dateupdated lastupdated lastupdate statusdate lastmodified "
    "datemodified modified modifydate modifieddate",
    "n_words_source": "words wordcount numwords nwords numberofwords totalwords",
    "n_chapters_source": "chaptercount numchapters nchapters numberofchapters chapterscount numparts",
    "kudos": "kudos kudoscount numkudos",
    "hits": "hits hitcount views viewcount numviews reads readcount numreads",
    "bookmarks": "bookmarks bookmarkcount numbookmarks",
    "comments": "comments commentcount numcomments commentscount reviews reviewcount numreviews",
    "favorites": "favorites favourites favs favoritecount numfavs numfavorites",
    "follows": "follows followers followcount numfollows numfollowers",
    "likes": "likes likecount numlikes votes votecount",
    "dislikes": "dislikes dislikecount numdislikes",
    "score": "score averagerating avgrating",
    "series": "series seriestitle seriesname",
    "series_position": "seriesposition seriesindex seriespart",
    "collections": "collections collection",
    "gifts": "gifts giftto giftedto recipients",
    "notes_before": "notesbefore notes note authornote authornotes authorsnote authorsnotes startnotes beginningnotes "
    "headnotes startnote",
    "notes_after": "notesafter endnotes endnote footnotes",
    "chapter_title": "chaptertitle chaptername",
    "chapter_number": "chapternumber chapterno chapternum chapterindex chapteridx chapter",
    "chapter_id": "chapterid sourcechapterid partid",
    "chapter_url": "chapterurl chapterlink",
    "chapter_summary": "chaptersummary",
    "paragraph": "paragraph paraid paragraphid parano paragraphnumber paragraphindex",
}
"""Field → names of columns, letters and digits only, the likeliest first."""

_CHAPTER_ALIASES: Final[dict[str, str]] = {
    "text": "text body content html contents chaptertext chaptercontent chapterbody story paragraphs",
    "title": "title chaptertitle name chaptername",
    "number": "number chapternumber chapterno chapternum index chapterindex order position chapter",
    "id": "id chapterid sourcechapterid partid",
    "url": "url link chapterurl href",
    "summary": "summary description chaptersummary",
    "notes_before": "notesbefore notes note startnotes authornote authornotes authorsnote beginningnotes headnotes",
    "notes_after": "notesafter endnotes endnote footnotes",
    "published_date": "published datepublished publisheddate created createdat date posted createdate",
    "updated_date": "updated updatedat datemodified modifydate dateupdated",
    "n_words_source": "words wordcount numwords nwords",
    "hits": "hits views numviews viewcount readcount",
}

FIELDS: Final = (*_ALIASES, *(f"chapters.{name}" for name in _CHAPTER_ALIASES), "categories_raw")
"""What a column may be mapped to."""

_TRANSPARENT: Final = frozenset(
    {
        *("metadata", "meta", "stats", "statistics", "info", "story", "work", "fic", "data", "attributes"),
        *("fields", "details", "header", "tags", "record"),
    }
)
"""Objects that only group the fields of a work. Any other object is a value itself: `author.name` is no title."""

_STORY: Final = frozenset({"title", "text", "chapters"})


def _ranks(table: MappingType[str, str]) -> dict[str, tuple[str, int]]:
    return {alias: (name, rank) for name, given in table.items() for rank, alias in enumerate(given.split())}


_WORK_RANKS: Final = _ranks(_ALIASES)
_CHAPTER_RANKS: Final = _ranks(_CHAPTER_ALIASES)


@dataclass(frozen=True)
class Mapping:
    """Field → column, and the columns that no field takes, in the table's order."""

    columns: MappingType[str, str]
    left: tuple[str, ...] = ()
    constants: MappingType[str, str] = field(default_factory=dict)
    chapters: MappingType[str, str] = field(default_factory=dict)
    """Field of a chapter → key of the objects that the column `chapters` lists, as told."""

    @cached_property
    def has_story(self) -> bool:
        """Whether there is anything to make a work of."""
        return not _STORY.isdisjoint(self.columns)

    @cached_property
    def by_chapter(self) -> bool:
        """Whether a row may be a chapter or a paragraph instead of a work."""
        return any(name in self.columns for name in ("chapter_number", "chapter_id", "chapter_title", "paragraph"))


def guess_mapping(names: Sequence[str], told: MappingType[str, str] | None = None) -> Mapping:
    """Mapping of columns by what was told (field → column, ``=value`` for a constant, empty for none), else by name.

    Names are compared by their letters and digits; of a dotted path the last part counts. The likeliest name wins,
    then the less nested one, then the first.

    Raises ``Unreadable`` (``bad_mapping``) for a field that does not exist.
    """
    told = told or {}
    if unknown := [name for name in told if name not in FIELDS]:
        raise Unreadable("bad_mapping", f"no field is named {', '.join(unknown)}; there are {', '.join(FIELDS)}")
    columns = {
        name: column
        for name, column in told.items()
        if column and not column.startswith(CONSTANT) and not name.startswith("chapters.")
    }
    constants = {name: column[1:] for name, column in told.items() if column.startswith(CONSTANT)}
    chapters = {
        name.removeprefix("chapters."): _within(column, told.get("chapters"))
        for name, column in told.items()
        if column and name.startswith("chapters.")
    }
    best: dict[str, tuple[int, int, int, str]] = {}
    taken = set(columns.values())
    for place, column in enumerate(names):
        found = _WORK_RANKS.get(_key(column.rsplit(".", 1)[-1]))
        if found is None or column in taken or found[0] in told or not stands_for_itself(column):
            continue
        candidate = (found[1], column.count("."), place, column)
        if found[0] not in best or candidate < best[found[0]]:
            best[found[0]] = candidate
    columns |= {name: candidate[3] for name, candidate in best.items()}
    taken = set(columns.values())
    return Mapping(
        columns, tuple(name for name in names if name not in taken and stands_for_itself(name)), constants, chapters
    )


def guess_chapter_mapping(names: Sequence[str], told: MappingType[str, str]) -> dict[str, str]:
    """Field of a chapter → key, for the objects of a list of chapters."""
    best: dict[str, tuple[int, int, str]] = {}
    for place, name in enumerate(names):
        found = _CHAPTER_RANKS.get(_key(name))
        if found and found[0] not in told and (found[0] not in best or (found[1], place, name) < best[found[0]]):
            best[found[0]] = (found[1], place, name)
    return {**{name: candidate[2] for name, candidate in best.items()}, **told}


def stands_for_itself(column: str) -> bool:
    """Whether a column is a statement about the work, and no detail of an object that is one (`author.avatar`)."""
    return "." not in column or all(_key(parent) in _TRANSPARENT for parent in column.split(".")[:-1])


def _within(column: str, chapters: str | None) -> str:
    """Key inside a chapter: ``chapters.content`` and ``content`` mean the same."""
    return column.removeprefix(f"{chapters or 'chapters'}.")


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name[:100]).casefold()

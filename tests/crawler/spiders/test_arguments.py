"""Arguments of a crawl: what is allowed, and what is said of the rest."""

import pytest

from crawler.spiders.arguments import Arguments, arguments_of, listing_of, work_numbers
from pipelines.errors import WrongUsage
from schemas.vocabulary import Rating

BASE = "https://archiveofourown.org/"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say what to crawl, in one of tag, url, works, series, user, collection, bookmarks: got nothing"),
        ({"tag": "X", "user": "y"}, "got tag and user"),
        ({"tga": "X"}, r"-a tga=…: no such argument \(did you mean tag\?\)"),
        ({"tag": "X", "max_works": "many"}, "-a max_works=many: expected a whole number"),
        ({"tag": "X", "max_works": "0"}, "-a max_works=0: expected a number from 1 on"),
        ({"tag": "X", "since": "last year"}, "-a since=last year: expected a day such as 2024-01-31"),
        ({"tag": "X", "since": "2024-02-01", "until": "2024-01-01"}, "later than until=2024-01-01"),
        ({"tag": "X", "text": "perhaps"}, "-a text=perhaps: expected true or false"),
        ({"tag": "X", "rating": "spicy"}, "'spicy' is no rating; choose general"),
        ({"tag": "X", "language": "Nonesuchish"}, "-a language: 'Nonesuchish' is no language"),
        ({"tag": "X", "text": "false", "chapter_dates": "true"}, "chapter_dates=true needs the works' pages"),
        ({"works": "1", "complete": "true"}, "complete chooses from a list"),
        ({"works": "1", "text": "false"}, "works= needs the works' own pages"),
        ({"works": "no/such/file.txt"}, "works=no/such/file.txt: no such file"),
        ({"tag": "X", "site": "not a host"}, "'not a host' is no host name"),
    ],
)
def test_mistakes_are_told_in_one_line(given, says):
    with pytest.raises(WrongUsage, match=says) as raised:
        arguments_of(given)
    assert "\n" not in str(raised.value)


def test_values_of_a_command_line_are_read():
    found = arguments_of({"tag": " X/Y ", "complete": "true", "rating": "Teen And Up Audiences", "language": "Deutsch"})
    assert (found.tag, found.complete, found.rating, found.language) == ("X/Y", True, Rating.TEEN, "de")


def test_filters_are_those_of_the_archive():
    found = arguments_of(
        {
            "tag": "X",
            "since": "2024-01-31",
            "until": "2024-02-01",
            "language": "pt-BR",
            "complete": "false",
            "rating": "explicit",
        }
    )
    assert listing_of(found, BASE) == (
        f"{BASE}tags/X/works?work_search%5Bdate_from%5D=2024-01-31&work_search%5Bdate_to%5D=2024-02-01"
        "&work_search%5Blanguage_id%5D=ptBR&work_search%5Bcomplete%5D=F"
        "&include_work_search%5Brating_ids%5D%5B%5D=13"
    )


def test_works_are_named_in_a_file_or_on_the_line(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text("# a remark\n12 # the first\n\nhttps://archiveofourown.org/works/13/chapters/5, ao3:14\n12\n")
    assert work_numbers(str(path)) == ("12", "13", "14")
    assert work_numbers("12,13 12") == ("12", "13")
    assert work_numbers("https://archiveofourown.org/works/9") == ("9",)
    path.write_text("12\nhello\n")
    with pytest.raises(WrongUsage, match=r"ids.txt, line 2: 'hello' is no id or address of a work"):
        work_numbers(str(path))
    path.write_text("\n# nothing\n")
    with pytest.raises(WrongUsage, match="names no works"):
        work_numbers(str(path))


def test_commands_that_mean_the_same_crawl_go_on_with_it():
    one = arguments_of({"tag": "X", "max_works": "5"}).asked()
    assert one == arguments_of({"tag": "X", "max_works": "5", "refresh": "true"}).asked()
    assert one != arguments_of({"tag": "X"}).asked()


def test_every_argument_says_what_it_means():
    assert [name for name, field in Arguments.model_fields.items() if not field.description] == []

"""The walk through a list that moves: nothing is missed, and no page is read without need."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.spiders.otw_walk import Walk, can_be_sliced, slices

PER_PAGE = 5


class MovingList:
    """A list that is told what happens before each of its pages is read."""

    def __init__(self, size, happenings=(), *, limit=None):
        self.works = [f"w{number}" for number in range(size)]
        self.happenings = dict(happenings)
        self.limit = limit
        self.read = []
        self.born = 0

    def happen(self):
        for what, place in self.happenings.get(len(self.read), ()):
            if what == "insert":
                self.born += 1
                self.works.insert(0, f"new{self.born}")
            elif what == "delete" and self.works:
                del self.works[place % len(self.works)]
            elif self.works:  # an author changes a work: it moves to the top
                self.works.insert(0, self.works.pop(place % len(self.works)))

    def page(self, number):
        self.happen()
        self.read.append(number)
        shown = self.works[: self.limit]
        last = max(1, -(-len(shown) // PER_PAGE))
        number = min(number, last)  # clamped, as the archive does
        return shown[(number - 1) * PER_PAGE : number * PER_PAGE], number < last, len(self.works)


def walk_through(moving, most=500):
    walk, seen = Walk(), set()
    while not walk.is_done and len(moving.read) < most:
        ids, has_next, total = moving.page(walk.page)
        new = [work for work in ids if work not in seen]
        seen.update(new)
        walk = Walk.from_state(walk.as_state())  # as if the crawl were killed after each page
        walk.took(ids, new, total=total, others=0, has_next=has_next)
    return walk, seen


@pytest.mark.parametrize(("size", "pages"), [(0, 1), (1, 1), (5, 1), (6, 2), (23, 5)])
def test_a_list_at_rest_is_read_once(size, pages):
    moving = MovingList(size)
    walk, seen = walk_through(moving)
    assert moving.read == list(range(1, pages + 1))
    assert (len(seen), walk.missing, walk.is_cut) == (size, 0, False)


def test_a_new_work_on_top_is_found_by_reading_the_head_again():
    moving = MovingList(15, {1: [("insert", 0)]})
    _, seen = walk_through(moving)
    assert moving.read == [1, 2, 3, 4, 1, 2]  # the second page brings nothing new
    assert "new1" in seen
    assert len(seen) == 16


def test_a_deleted_work_lets_another_move_up_to_a_page_that_was_read():
    moving = MovingList(15, {2: [("delete", 0)]})
    _, seen = walk_through(moving)
    assert "w10" in seen  # it moved from the third page to the second
    assert moving.read == [1, 2, 3, 2, 1, 2, 3, 1]  # back until nothing is new, forth again, and the head at last


def test_a_work_that_moves_to_the_top_is_not_missed():
    moving = MovingList(20, {2: [("change", 17)]})
    _, seen = walk_through(moving)
    assert len(seen) == 20


def test_pages_beyond_what_the_archive_shows_end_the_walk():
    moving = MovingList(30, limit=10)
    walk, seen = walk_through(moving)
    assert len(seen) == 10
    assert walk.missing == 20
    assert len(moving.read) <= 2 * 3


def test_works_that_the_archive_counts_and_does_not_show_cost_no_second_pass():
    walk = Walk()
    walk.took("abcde", "abcde", total=12, others=0, has_next=True)
    walk.took("fgh", "fgh", total=12, others=1, has_next=True)  # one is a mystery, one is gone
    walk.took("kl", "kl", total=12, others=0, has_next=False)
    assert (walk.phase, walk.missing, walk.pages) == ("done", 0, 3)


happening = st.tuples(st.sampled_from(["insert", "delete", "change"]), st.integers(0, 60))


@settings(deadline=None)
@given(
    st.integers(0, 60),
    st.dictionaries(st.integers(1, 14), st.lists(happening, max_size=1), max_size=3),
)
def test_every_work_that_stayed_is_seen_whatever_moves(size, happenings):
    """With one event between two requests, 5 seconds apart, and three in all."""
    moving = MovingList(size, happenings)
    _, seen = walk_through(moving)
    assert len(moving.read) < 500
    at_the_end = max(happenings, default=0) >= len(moving.read)
    if not at_the_end:
        stayed = {work for work in moving.works if work.startswith("w")}
        assert len(stayed - seen) == 0


def test_a_list_that_is_too_long_is_read_in_two_by_date():
    address = "https://archiveofourown.org/tags/X/works?work_search%5Blanguage_id%5D=en"
    halves = slices(address, date(2020, 1, 1), date(2020, 1, 4))
    assert halves == [
        address + "&work_search%5Bdate_from%5D=2020-01-01&work_search%5Bdate_to%5D=2020-01-02",
        address + "&work_search%5Bdate_from%5D=2020-01-03&work_search%5Bdate_to%5D=2020-01-04",
    ]
    quarter = slices(halves[1], date(2020, 1, 1), date(2020, 1, 4))
    assert [part[-10:] for part in quarter] == ["2020-01-03", "2020-01-04"]
    assert slices(quarter[0], date(2020, 1, 1), date(2020, 1, 4)) == [quarter[0]]


def test_only_lists_of_works_have_dates():
    assert can_be_sliced("https://archiveofourown.org/users/x/works?page=2")
    assert not can_be_sliced("https://archiveofourown.org/series/12")
    assert not can_be_sliced("https://archiveofourown.org/users/x/bookmarks")

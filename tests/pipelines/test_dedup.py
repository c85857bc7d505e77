"""Copies planted in small corpora, with similarities counted by hand."""

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup import find_duplicates
from schemas.corpus import DedupConfig
from tests.pipelines.dedup_corpora import A_DAY, DISCLAIMER, LYRICS, Found, find, named_tale, story, tale
from tests.staged_stories import staged_works, write_stories


def links(findings):
    """Copy, representative, method, similarity and containment of each row."""
    return [(row.work_id, row.other_work_id, row.method, row.similarity, row.containment) for row in findings.rows]


def edited(words, share, seed):
    chance = random.Random(seed)
    return [f"other{chance.randrange(10**9)}" if chance.random() < share else word for word in words]


def test_the_same_words_are_exact_copies():
    text = "“It’s fog,” said Holmes. “Fog — and a lamp!”"
    corpus = {
        "a:1": [text],
        "a:2": ['"IT\'S FOG", SAID HOLMES. "FOG -- AND A LAMP!"'],
        "b:3": ["It’s  fog, said\n\nHolmes.", "Fog and a lamp"],
        "b:4": ["It is fog, said Holmes. Fog and a lamp"],
    }
    findings = find(corpus, DedupConfig(near=False))
    assert links(findings) == [("a:2", "a:1", "exact", 1.0, 1.0), ("b:3", "a:1", "exact", 1.0, 1.0)]
    assert findings.cluster_of == {"a:1": "a:1", "a:2": "a:1", "b:3": "a:1"}
    assert findings.role_of == {"a:1": "representative", "a:2": "duplicate", "b:3": "duplicate"}
    assert [row.rule for row in findings.rows] == ["work_id", "longest"]


def test_a_changed_last_word_is_counted_by_hand():
    """Ten words have six shingles; another last word changes one: 5 of 7 in common, 5 of 6 of either."""
    corpus = {
        "a:1": ["the lamp went out and Watson heard the river rise"],
        "a:2": ["The lamp went out, and Watson heard the river FALL."],
        "a:3": ["the sister of Mycroft wrote to nobody about the carriage"],
    }
    findings = find(corpus)
    assert links(findings) == [("a:2", "a:1", "minhash", 0.7143, 0.8333)]
    (row,) = findings.rows
    assert (row.cluster_id, row.rule, row.decision, row.same_author) == ("a:1", "work_id", "marked", None)


def test_near_copies_are_not_looked_for_where_unwanted():
    corpus = {"a:1": [story("one", 200)], "a:2": [story("one", 200) + " end"]}
    assert find(corpus, DedupConfig(near=False)) == Found([], {}, {}, 0, 0)
    assert len(find(corpus).rows) == 1


def test_edited_words_are_found():
    corpus = {"a:1": [story("one", 3000)], "a:2": [" ".join(edited(tale("one", 3000), 0.03, seed=1))]}
    corpus |= {f"b:{n}": [story(n, 3000)] for n in range(10)}
    (row,) = find(corpus).rows
    assert (row.work_id, row.method) == ("a:2", "minhash")
    assert row.similarity == pytest.approx(0.97**5 / (2 - 0.97**5), abs=0.04)


def test_a_repost_with_another_header_and_footer_is_found():
    text = story("one", 1000)
    corpus = {
        "a:1": [f"{DISCLAIMER} {text}"],
        "a:2": [f"{text} Thank you for reading, and goodnight to all of Baker Street."],
    }
    assert [(row.work_id, row.method) for row in find(corpus).rows] == [("a:2", "minhash")]


def test_a_work_posted_again_with_more_chapters_contains_the_first():
    """Five chapters of 104 words, 100 shingles each, are a fifth of 25: J = 500 / 2500, all of them held."""
    chapters = [story(n, 104) for n in range(25)]
    corpus = {"a:1": chapters[:5], "b:2": chapters}
    assert links(find(corpus)) == [("a:1", "b:2", "containment", 0.2, 1.0)]
    assert find(corpus, DedupConfig(min_containment=1.0)).cluster_of == {"a:1": "a:1", "b:2": "a:1"}


def test_an_omnibus_contains_its_stories():
    stories = {f"a:{n}": [story(n, 204)] for n in range(8)}
    corpus = {**stories, "b:9": [texts[0] for texts in stories.values()], "c:10": [story("other", 204)]}
    findings = find(corpus)
    assert links(findings) == [(f"a:{n}", "b:9", "containment", 0.125, 1.0) for n in range(8)]
    assert "c:10" not in findings.cluster_of


def test_a_drabble_in_two_collections_does_not_make_them_one():
    drabbles = [story(n, 104) for n in range(21)]
    corpus = {"a:1": drabbles[:11], "a:2": drabbles[10:], "a:3": drabbles[10:11], "a:4": [drabbles[10] + " Fin."]}
    findings = find(corpus)
    assert links(findings)[-2:] == [
        ("a:3", "a:1", "containment", 0.0909, 1.0),
        ("a:4", "a:1", "containment", 0.0908, 0.9901),
    ]
    assert set(findings.cluster_of) == {"a:1", "a:3", "a:4"}


def test_a_chapter_among_many_is_too_little():
    """Four of five chapters are held by the other: containment 0.8, at the threshold; three of five are not enough."""
    chapters = [story(n, 104) for n in range(30)]
    corpus = {"a:1": chapters[:5], "b:2": [*chapters[:4], *chapters[10:30]]}
    assert links(find(corpus)) == [("a:1", "b:2", "containment", 0.16, 0.8)]
    assert find({"a:1": chapters[:5], "b:2": [*chapters[:3], *chapters[10:30]]}).rows == []


def test_shared_disclaimers_lyrics_and_prompts_link_nothing():
    prompt = "Prompt: Holmes finds a letter that Watson never meant to send, and answers it."
    corpus = {f"a:{n}": [f"{DISCLAIMER}\n\n{prompt}\n\n{LYRICS}", story(n, 400), LYRICS] for n in range(70)}
    findings = find(corpus)
    assert (findings.rows, findings.cluster_of) == ([], {})
    assert findings.n_screened > 0


@pytest.mark.parametrize(("n_words", "found"), [(49, False), (50, True)])
def test_fifty_words_in_a_row_are_the_least_that_is_contained(n_words, found):
    """A chapter of three: J = 1/3 and all of the smaller held, 45 or 46 shingles."""
    chapters = [story(n, n_words) for n in range(3)]
    findings = find({"a:1": chapters, "a:2": chapters[1:2]})
    assert findings.n_verified == 1
    assert links(findings) == ([("a:2", "a:1", "containment", 0.3333, 1.0)] if found else [])


def test_chinese_is_compared_by_character():
    """Thirty characters, 26 shingles, of which the last two change: 24 shared, 28 in all."""
    text = "那天夜里河上起了雾福尔摩斯点起一盏灯等华生医生回家可他没回来"
    changed = f"{text[:14]}，{text[14:-2]}去了。"
    corpus = {
        "a:1": [text],
        "a:2": [changed],
        "a:3": ["班纳特小姐坐在窗前读信信里说他们明天一早便要离开庄园去伦敦过冬"],
    }
    assert len(text) == 30
    assert links(find(corpus)) == [("a:2", "a:1", "minhash", 0.8571, 0.9231)]


def test_drabbles_are_found_and_told_apart():
    drabbles = {f"a:{n}": [story(n, 100)] for n in range(200)}
    copies = {f"b:{n}": [" ".join(edited(tale(n, 100), 0.03, seed=n))] for n in range(0, 200, 4)}
    findings = find({**drabbles, **copies})
    assert {(row.work_id[2:], row.other_work_id[2:]) for row in findings.rows} == {(n[2:], n[2:]) for n in copies}


def test_texts_without_words_are_copies_of_nothing():
    findings = find({"a:1": [""], "a:2": [], "a:3": ["“…”", "😀"], "a:4": ["Fog."], "a:5": ["fog"], "a:6": ["Lamp"]})
    assert links(findings) == [("a:5", "a:4", "exact", 1.0, 1.0)]


@pytest.mark.parametrize("corpus", [{}, {"a:1": ["alone"]}, {"a:1": []}])
def test_a_corpus_without_copies_has_no_findings(corpus):
    found = find(corpus)
    assert (found.rows, found.cluster_of, found.role_of, found.n_screened) == ([], {}, {}, 0)


def test_a_chain_is_one_cluster_and_its_rows_tell_the_true_similarity():
    """Chapters of 100 shingles: A ~ B and B ~ C share two of four (J = 0.5), A and C one of five."""
    chapters = [story(n, 104) for n in range(5)]
    corpus = {"a:1": chapters[:3], "a:2": chapters[1:4], "a:3": chapters[2:]}
    assert links(find(corpus)) == [("a:2", "a:1", "minhash", 0.5, 0.6667), ("a:3", "a:1", "minhash", 0.2, 0.3333)]
    assert find({"a:1": chapters[:3], "a:3": chapters[2:]}).rows == []


def test_a_chain_may_end_with_a_contained_work():
    """The method of each is that of its own link, whatever hangs on it: the last chapter alone is held by a:3."""
    chapters = [story(n, 104) for n in range(5)]
    corpus = {"a:1": chapters[:3], "a:2": chapters[1:4], "a:3": chapters[2:], "a:4": chapters[4:]}
    assert links(find(corpus))[1:] == [
        ("a:3", "a:1", "minhash", 0.2, 0.3333),
        ("a:4", "a:1", "containment", 0.0, 0.0),
    ]


def test_what_holds_the_other_stands_for_it_whatever_is_preferred():
    """To keep the finished story and drop the unfinished omnibus would lose the omnibus's other story."""
    stories = [story(n, 204) for n in range(3)]
    rows = {"1": {"status": "complete"}, "2": {"status": "in_progress"}}
    findings = find({"a:1": [stories[0]], "b:2": stories}, DedupConfig(policy="drop"), **rows)
    assert [(row.work_id, row.other_work_id, row.decision, row.rule) for row in findings.rows] == [
        ("a:1", "b:2", "dropped", "holds")
    ]


def test_only_what_the_kept_work_holds_is_dropped():
    """In the chain A ~ B ~ C, C shares one chapter of three with A: dropping it would lose the others."""
    chapters = [story(n, 104) for n in range(5)]
    corpus = {"a:1": chapters[:3], "a:2": chapters[1:4], "a:3": chapters[2:]}
    assert [(row.work_id, row.decision) for row in find(corpus, DedupConfig(policy="drop")).rows] == [
        ("a:2", "dropped"),
        ("a:3", "marked"),
    ]


def test_thresholds_are_settings():
    chapters = [story(n, 104) for n in range(5)]
    corpus = {"a:1": chapters[:3], "a:2": chapters[1:4]}
    assert len(find(corpus, DedupConfig(min_similarity=0.5)).rows) == 1
    assert find(corpus, DedupConfig(min_similarity=0.51)).rows == []
    assert links(find(corpus, DedupConfig(min_similarity=0.51, min_containment=0.6))) == [
        ("a:2", "a:1", "containment", 0.5, 0.6667)
    ]


def test_a_contained_text_is_found_when_only_near_identity_is_wanted():
    words = tale("one", 1000)
    corpus = {"a:1": [" ".join(words)], "a:2": [" ".join(words[:700])]}
    assert [row.method for row in find(corpus, DedupConfig(min_similarity=0.95)).rows] == ["containment"]


def test_many_copies_of_one_story_are_one_cluster_and_read_once():
    text = story("one", 300)
    corpus = {f"a:{n:03}": [text if n < 60 else f"{text} copy {n}"] for n in range(130)}
    corpus |= {f"b:{n}": [story(n, 300)] for n in range(20)}
    findings = find(corpus)
    assert set(findings.cluster_of) == {work_id for work_id in corpus if work_id.startswith("a:")}
    assert set(findings.cluster_of.values()) == {"a:000"}
    assert findings.n_verified < 200


def test_the_copy_and_the_kept_one_are_described():
    text = story("one", 100)
    findings = find(
        {"ao3:7": [text], "ffn:8": [text]},
        DedupConfig(policy="drop"),
        **{
            "7": {"authors": ["Irene  A."], "path": "irene.html", "status": "complete", "retrieved_at": A_DAY},
            "8": {"authors": ["irene a.", "Kit"], "url": "https://example.org/8", "raw_sha256": "ff", "kudos": 9},
        },
    )
    (row,) = findings.rows
    assert row.model_dump() == {
        "work_id": "ffn:8",
        "other_work_id": "ao3:7",
        "cluster_id": "ao3:7",
        "method": "exact",
        "similarity": 1.0,
        "containment": 1.0,
        "similarity_nameless": None,
        "same_author": True,
        "cross_post": True,
        "decision": "dropped",
        "rule": "complete",
        "source": "ffn",
        "title": "Title of ffn:8",
        "path": None,
        "other_path": "irene.html",
        "url": "https://example.org/8",
        "raw_sha256": "ff",
    }


def test_a_work_that_comes_twice_is_refused(tmp_path):
    for name in ("one", "other"):
        write_stories(tmp_path / name, {"a:1": ["one"]})
    with pytest.raises(ValueError, match="two rows"):
        find_duplicates(staged_works([tmp_path / "one", tmp_path / "other"]), DedupConfig(), tmp_path / "dedup")


def test_a_renamed_copy_is_told_apart():
    """A name or a pronoun in every five words: no shingle is shared until they are left out, and then all are."""
    corpus = {
        "a:1": [named_tale(1, 600, ("Holmes", "Watson"), "he")],
        "b:2": [named_tale(1, 600, ("Elizabeth", "Jane"), "she")],
        "c:3": [named_tale(2, 600, ("Holmes", "Watson"), "he")],
    }
    (row,) = find(corpus).rows
    assert (row.work_id, row.other_work_id, row.method, row.rule) == ("b:2", "a:1", "renamed", "work_id")
    assert (row.similarity, row.containment, row.similarity_nameless) == (0.0, 0.0, 1.0)
    assert find(corpus, DedupConfig(renamed=False)).rows == []


@pytest.mark.parametrize(("settings", "decision"), [({}, "marked"), ({"drop_renamed": True}, "dropped")])
def test_renamed_copies_are_dropped_on_demand_only(settings, decision):
    corpus = {
        "a:1": [named_tale(1, 600, ("Holmes", "Watson"), "he")],
        "b:2": [named_tale(1, 600, ("Alice", "Jane"), "she")],
    }
    (row,) = find(corpus, DedupConfig(policy="drop", **settings)).rows
    assert (row.method, row.decision) == ("renamed", decision)


def test_a_copy_with_one_other_name_is_a_near_copy():
    text = " ".join(f"word{n}" for n in range(500))
    (row,) = find({"a:1": [f"{text} said Holmes"], "a:2": [f"{text} said Watson"]}).rows
    assert row.method == "minhash"


@pytest.mark.parametrize(("n_works", "found"), [(9, 8), (10, 0)])
def test_a_passage_of_ten_works_makes_no_copies(n_works, found, monkeypatch):
    """A challenge's 200 words above 60 of one's own: J = 196 / 316, as of a rewritten story, until ten have them."""
    header = story("challenge", 200)
    corpus = {f"a:{n}": [f"{header} {story(n, 60)}"] for n in range(n_works)}
    findings = find(corpus)
    assert find(corpus, times=2) == findings
    assert len(findings.rows) == found
    assert {row.similarity for row in findings.rows} <= {0.6203}
    monkeypatch.setattr("pipelines.dedup_links.SAMPLES_AT_ONCE", 100)
    assert find(corpus) == findings


def test_copies_among_works_with_one_passage_are_still_found():
    header = story("challenge", 200)
    corpus = {f"a:{n}": [f"{header} {story(n, 60)}"] for n in range(30)}
    corpus["b:1"] = [f"{header} {story(7, 60)} The end."]
    assert [(row.work_id, row.other_work_id) for row in find(corpus).rows] == [("a:7", "b:1")]


def test_an_edited_chapter_is_found_in_an_omnibus():
    """One changed word in fifty, so that no chapter is word for word the same; J is about 0.05."""
    chapters = [story(n, 500) for n in range(20)]
    corpus = {"a:1": chapters, "b:2": [" ".join(edited(tale(3, 500), 0.02, seed=1))]}
    (row,) = find(corpus).rows
    assert (row.work_id, row.other_work_id, row.method) == ("b:2", "a:1", "containment")
    assert row.containment > 0.8


@pytest.mark.parametrize(
    ("one", "other", "cross_post"), [("ao3", "ffn", True), ("ao3", "ao3", False), ("ao3", "file", None)]
)
def test_copies_on_two_archives_are_cross_posts(one, other, cross_post):
    text = story("one", 100)
    assert [row.cross_post for row in find({f"{one}:1": [text], f"{other}:2": [text]}).rows] == [cross_post]


def test_blocks_that_are_no_story_do_not_count(tmp_path):
    """The marked note is most of either text; without it nothing is shared."""
    note = story("note", 300)
    corpus = {f"a:{n}": [f"{note}\n\n{story(n, 100)}"] for n in range(2)}
    blocks = [{"kind": "note_candidate", "start": 0, "end": len(note)}]
    write_stories(tmp_path / "plain", corpus)
    write_stories(tmp_path / "marked", corpus, blocks=blocks)
    for name, found in (("plain", 1), ("marked", 0)):
        findings = find_duplicates(staged_works([tmp_path / name]), DedupConfig(), tmp_path / f"{name}-keys")
        assert (findings.n_verified, len(findings.rows)) == (1, found)


def test_keys_are_made_once_for_a_segment(tmp_path):
    corpus = {f"a:{n}": [story(n // 2, 300) + f" {n}"] for n in range(10)}
    folders = [tmp_path / "s1", tmp_path / "s2"]
    for number, folder in enumerate(folders):
        write_stories(folder, dict(list(corpus.items())[number::2]))
    first = find_duplicates(staged_works(folders[:1]), DedupConfig(), tmp_path / "dedup")
    (made,) = (tmp_path / "dedup").glob("*.keys")
    before = made.stat().st_mtime_ns
    both = find_duplicates(staged_works(folders), DedupConfig(), tmp_path / "dedup")
    assert (len(first.rows), len(both.rows)) == (0, 5)
    assert made.stat().st_mtime_ns == before
    assert len(list((tmp_path / "dedup").glob("*.keys"))) == 2
    find_duplicates(staged_works(folders), DedupConfig(min_similarity=0.3), tmp_path / "dedup")
    assert {path.name for path in (tmp_path / "dedup").glob("*.keys")} == {"s1.3-1-128x2.keys", "s2.3-1-128x2.keys"}


def test_pairs_are_compared_once(tmp_path):
    corpus = {f"a:{n}": [story(n // 2, 300) + f" {n}"] for n in range(10)}
    folders = [tmp_path / "s1", tmp_path / "s2"]
    write_stories(folders[0], corpus)
    write_stories(folders[1], {"a:20": [story(3, 300) + " more"]})

    def search(count, settings=None, place="dedup"):
        return find_duplicates(staged_works(folders[:count]), settings or DedupConfig(), tmp_path / place)

    assert [search(1).n_compared for _ in range(2)] == [5, 0]
    with_more = search(2)
    assert with_more.n_compared < 3
    assert with_more.rows == search(2, place="elsewhere").rows
    assert search(2, DedupConfig(min_similarity=0.6)).n_compared >= 5
    assert len(list((tmp_path / "dedup").glob("pairs.*"))) == 1


def test_tasks_run_in_other_processes():
    corpus = {f"a:{n}": [story(n // 2, 300) + f" {n}"] for n in range(20)}
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert find(corpus, segments=4, run=pool.map) == find(corpus)


CHAPTERS = [story(n, 60) for n in range(6)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=9),
    st.randoms(use_true_random=False),
    st.sampled_from(["mark", "drop"]),
)
def test_the_order_of_arrival_and_a_second_search_change_nothing(works, chance, policy):
    corpus = {f"a:{n}": [CHAPTERS[chapter] for chapter in chapters] for n, chapters in enumerate(works)}
    order = list(corpus)
    chance.shuffle(order)
    config = DedupConfig(policy=policy)
    findings = find(corpus, config)
    assert find({work_id: corpus[work_id] for work_id in order}, config, segments=3, times=2) == findings
    check(findings)


def check(findings):
    """What holds of any findings: one representative per cluster, one row per copy, ids that agree."""
    representatives = {w: c for w, c in findings.cluster_of.items() if findings.role_of[w] == "representative"}
    assert sorted(representatives.values()) == sorted(set(findings.cluster_of.values()))
    assert [row.work_id for row in findings.rows] == sorted(w for w, r in findings.role_of.items() if r == "duplicate")
    for cluster in set(findings.cluster_of.values()):
        assert cluster == min(work for work, other in findings.cluster_of.items() if other == cluster)
    for row in findings.rows:
        assert representatives[row.other_work_id] == findings.cluster_of[row.work_id] == row.cluster_id
        assert 0 <= row.similarity <= row.containment <= 1

"""What is told of a work: staged, kept or not, by which rule, and what comes nearest."""

from contextlib import closing
from datetime import date

import pytest

from pipelines.errors import WrongUsage
from pipelines.explain import explain
from pipelines.stage import Staging
from schemas.tables import RejectRow
from tests.works import WorkCorpus, prose, work


@pytest.fixture
def corpus(tmp_path):
    return WorkCorpus(tmp_path / "corpus")


def told(corpus, work_id):
    with closing(Staging(corpus.corpus.staging)) as staging:
        return list(explain(corpus.corpus, staging, work_id))


def ao3(number, text, **fields):
    return work(
        text,
        source=fields.pop("source", "ao3"),
        source_work_id=str(number),
        path=fields.pop("path", f"{number}.html"),
        **fields,
    )


def test_a_work_of_its_own(corpus):
    corpus.stage(ao3(1, [prose(1), prose(2)], title="Alone"))
    corpus.build()
    assert told(corpus, "ao3:1") == [
        "ao3:1  “Alone”: 538 words, 2 chapters, en, from ao3",
        "staged from  1.html",
        "in v0001  kept; it has no copies in the corpus",
        "nearest works, by sketch: none that shares more than chance gives",
    ]


def test_a_copy_and_what_it_is_a_copy_of(corpus):
    text = prose(1, 30)
    corpus.stage(
        ao3(1, text, title="First", updated_date=date(2001, 1, 1)),
        ao3(2, f"{text}\n\nThe end of it.", source="ffn", title="Second", updated_date=date(2002, 1, 1)),
    )
    corpus.build()
    lines = told(corpus, "ao3:1")
    assert lines[1:3] == ["staged from  1.html of 2001-01-01", "in v0001  kept, and marked as a copy, of cluster ao3:1"]
    assert lines[3] == "copy of  ffn:2 (minhash: nearly the same words)"
    assert lines[4].startswith("    shared    99.3% of the word 5-grams of both, 100.0% of the shorter one's")
    assert lines[5:9] == [
        "    decision  marked; the other one stands for both: it was updated last",
        "    by        author not known, another archive",
        "nearest works, by sketch",
        "    ffn:2  “Second”: 650 words, 1 chapter",
    ]
    assert lines[9].startswith("        99.3% of the word 5-grams of both are shared, 100.0% of the shorter one's")
    assert lines[10].startswith("        longest shared passage: 646 words, from “Elizabeth put the letter down,")
    other = told(corpus, "ffn:2")
    assert other[2:4] == [
        "in v0001  kept; it stands for its copies, of cluster ao3:1",
        "stands for  ao3:1 (minhash; marked)",
    ]


def test_chapters_with_the_same_words_are_named(corpus):
    corpus.stage(ao3(1, [prose(1), prose(2), prose(3)]), ao3(2, [prose(3), prose(1)]))
    corpus.build()
    assert "        chapters with the same words: 1, 3" in told(corpus, "ao3:1")


def test_a_dropped_copy(corpus):
    corpus.configure('[dedup]\npolicy = "drop"\n')
    corpus.stage(ao3(1, prose(1)), ao3(2, prose(1)))
    corpus.build()
    why = "they differ in no rule of dedup.prefer, and its id comes first"
    assert f"    decision  dropped; the other one stands for both: {why}" in told(corpus, "ao3:2")


def test_an_old_revision(corpus):
    corpus.stage(ao3(1, prose(1), path="old.html", updated_date=date(2001, 1, 1)))
    corpus.stage(ao3(1, prose(2), path="new.html", updated_date=date(2002, 1, 1)))
    corpus.build()
    lines = told(corpus, "ao3:1")
    assert lines[1:3] == ["staged from  old.html of 2001-01-01", "staged from  new.html of 2002-01-01"]
    assert (
        "in v0001  old.html left out (revision): superseded: replaced by the revision of 2002-01-01 in new.html"
        in lines
    )


def test_a_work_that_the_settings_leave_out(corpus):
    corpus.configure("[filters]\nmin_words = 5000\n")
    corpus.stage(ao3(1, prose(1)))
    corpus.build()
    lines = told(corpus, "ao3:1")
    assert lines[2] == "in v0001  1.html left out (policy): too_short: 268 words; filters.min_words is 5000"
    assert lines[3] == "by the settings of now  rejected: too_short: 268 words; filters.min_words is 5000"
    corpus.configure("")
    assert not any("settings of now" in line for line in told(corpus, "ao3:1"))


def test_a_file_that_gave_no_work(corpus):
    row = RejectRow(
        ref="bad.txt", work_id=None, source="file", stage="read", reason="empty", detail="no bytes", format=None,
        raw_sha256=None,
    )  # fmt: skip
    corpus.stage(rejects=[row])
    corpus.build()
    assert told(corpus, "bad.txt") == [
        "bad.txt: no work was staged under this name",
        "in v0001  bad.txt left out (read): empty: no bytes",
    ]


def test_a_work_that_no_version_knows_yet(corpus):
    corpus.stage(ao3(1, prose(1)))
    assert told(corpus, "ao3:1")[2] == "no version is built yet: scrapy build decides what is kept"
    corpus.build()
    corpus.stage(ao3(2, prose(2)))
    assert told(corpus, "ao3:2")[2] == "in v0001  not there: it was staged after that was built; run scrapy build"


def test_an_unknown_work_is_wrong_usage(corpus):
    corpus.stage(ao3(1, prose(1)))
    corpus.build()
    with pytest.raises(WrongUsage, match="knows no ao3:2; give a work_id such as ao3:123"):
        told(corpus, "ao3:2")

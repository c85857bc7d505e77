"""Files of works and chapters: which are gathered together, and that it makes no difference."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipelines.build
from pipelines import export
from pipelines.table_parts import WORK_BYTES, bundles, planned_parts
from tests.works import WorkCorpus, prose, work

SIZES = st.one_of(st.just(0), st.integers(1, 5000), st.integers(1, 2 * export.ROW_GROUP_BYTES))


def works_of(rows: list[tuple[str, str, int]]) -> pa.Table:
    sources, languages, sizes = zip(*rows, strict=True) if rows else ((), (), ())
    kinds = pa.schema({"source": pa.string(), "language": pa.string(), "n_chars": pa.int32()})
    return pa.table([sources, languages, sizes], schema=kinds)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["en", "de", "ru"]), SIZES), max_size=40))
def test_a_bundle_of_several_files_is_one_batch(rows):
    works = works_of(rows)
    parts = planned_parts(works)
    found = bundles(parts, works)
    assert [id(part) for bundle in found for part in bundle] == [id(part) for part in parts]
    sizes = works.column("n_chars").to_numpy()
    for bundle in found:
        assert len({part.name for part in bundle}) == 1
        if len(bundle) > 1:
            places = np.concatenate([part.places for part in bundle])
            own = sizes[places].tolist() if bundle[0].name == "chapters" else [WORK_BYTES] * len(places)
            assert len(export.cut_by_size(own)) <= 1


def test_many_works_are_no_bundle():
    works = works_of([(source, "en", 0) for source in "ab" for _ in range(export.ROW_GROUP_ROWS * 2 // 3)])
    assert [len(bundle) for bundle in bundles(planned_parts(works), works)] == [1, 1, 1, 1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_files_are_the_same_however_they_are_gathered(tmp_path, monkeypatch, jobs):
    corpus = WorkCorpus(tmp_path / "corpus")
    items = [
        work([prose(n), prose(n + 100)][: n % 3], source="ao3" if n % 2 else "ffnet", source_work_id=str(n))
        for n in range(9)
    ]
    items += [work("Жили-были старик со старухою у самого синего моря. " * 20, path="r.txt"), work([], path="none.txt")]
    for start in range(0, len(items), 4):
        corpus.stage(*items[start : start + 4], origin=f"files {start}")
    together = corpus.build(jobs=jobs)
    with monkeypatch.context() as patched:
        patched.setattr(pipelines.build, "bundles", lambda parts, _: [[part] for part in parts])
        apart = corpus.build(jobs=jobs)
    assert len(together.files) > 8
    assert together.files == apart.files

"""Works as JSON and back."""

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.work_json import work_from_json, work_to_json
from schemas.work import Block, Chapter, Engagement, Span
from tests.works import work


def test_a_work_comes_back_as_it_was():
    text = "It rained.\n\n***\n\nIt stopped.\u2028"
    marked = Chapter(
        text=text,
        title='A "quoted"\ntitle',
        published_date=date(2020, 1, 2),
        blocks=(
            Block(kind="p", start=0, end=10),
            Block(kind="scene_break", start=12, end=15),
            Block(kind="note_candidate", start=17, end=28, rule="r", score=0.5),
        ),
        spans=(Span(kind="link", start=3, end=9, value="https://x.example"), Span(kind="strong", start=0, end=2)),
    )
    whole = work("a").model_copy(
        update={
            "chapters": (marked, Chapter(text="No marks.")),
            "engagement": Engagement(kudos=3),
            "engagement_at": datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC),
        }
    )
    assert work_from_json(work_to_json(whole)) == whole


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=3))
def test_any_text_comes_back(texts):
    whole = work("a").model_copy(
        update={
            "chapters": tuple(Chapter(text=text, blocks=(Block(kind="p", start=0, end=len(text)),)) for text in texts)
        }
    )
    assert work_from_json(work_to_json(whole)) == whole

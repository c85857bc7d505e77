"""Archives: what is in them is read, what they try is refused, and nothing is lost in silence."""

import io
import re
import struct
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers import container_tar, containers
from crawler.readers.container_members import HELD_BYTES, label
from crawler.readers.containers import kind_of
from crawler.readers.source import Limits, Rejected, Source, Unreadable
from tests.builders import archives

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
STORIES = {"one.txt": b"It was a dark night.", "two/three.txt": b"The hound was silent. " * 50, "empty.txt": b""}


def source_of(content, name="x.bin", **limits):
    return Source(Path("nowhere"), name, content=content, limits=Limits(**limits))


def read_deep(source):
    """Stands for ``formats.read``: archives again, else the bytes."""
    if kind_of(source) in (*containers.KINDS, "wacz"):
        yield from containers.read(source, read_deep)
    else:
        yield source.ref, source.data


def read(content, name="x.bin", **limits):
    """Members read by ref, and rejects as (ref, reason)."""
    found: dict[str, bytes] = {}
    rejects: list[tuple[str, str]] = []
    item: Any
    try:
        for item in containers.read(source_of(content, name, **limits), read_deep):
            if isinstance(item, Rejected):
                rejects.append((item.ref, item.reason))
            else:
                found[item[0]] = item[1]
    except Unreadable as error:
        rejects.append((name, error.reason))
    return found, rejects


def inside(found, name="x.bin"):
    return {ref.removeprefix(f"{name}/"): content for ref, content in found.items()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip(method):
    content = archives.zipped(STORIES, method)
    assert kind_of(source_of(content)) == "zip"
    found, rejects = read(content)
    assert (inside(found), rejects) == (STORIES, [])


def test_zip_behind_other_bytes_and_written_to_a_pipe():
    assert inside(read(archives.zip_streamed(STORIES))[0]) == STORIES
    prefixed = b"PK\3\4" + b"\0" * 96 + archives.zipped(STORIES)
    assert inside(read(prefixed)[0]) == STORIES


@pytest.mark.parametrize("build", [archives.zipped, archives.zip_streamed])
def test_members_before_the_cut_of_a_zip(build):
    content = build({"a.txt": b"One story. " * 99, "b.txt": b"Another. " * 99, "c.txt": bytes(range(256)) * 40})
    cut = content[: content.index(b"c.txt") + 60]
    found, rejects = read(cut)
    assert [ref[-5:] for ref in found] == ["a.txt", "b.txt"]
    assert ("x.bin", "damaged") in rejects


@pytest.mark.parametrize("packer", [None, *archives.PACKERS.values()], ids=["plain", *archives.PACKERS])
def test_tar(packer):
    stories = STORIES | {"long" * 60 + "/ü.txt": b"Far away."}
    content = archives.tarred(stories, packer)
    assert kind_of(source_of(content)) == "tar"
    found, rejects = read(content)
    assert (inside(found), rejects) == (stories, [])
    found, rejects = read(content[: len(content) // 3])
    assert all(reason == "damaged" for _, reason in rejects)
    assert rejects


@pytest.mark.parametrize("kind", archives.PACKERS)
def test_single_compressed_file(kind):
    pack = archives.PACKERS[kind]
    content = pack(b"It was ") + pack(b"night.")
    assert kind_of(source_of(content)) == kind
    found, _ = read(content, f"story.txt.{kind}")
    assert found == {f"story.txt.{kind}/story.txt": b"It was night."}
    assert read(pack(bytes(range(256)) * 9)[:-9], f"s.txt.{kind}")[1] == [(f"s.txt.{kind}/s.txt", "damaged")]


def test_zstandard():
    zstd = pytest.importorskip("backports.zstd")
    assert read(zstd.compress(b"night"), "s.txt.zst")[0] == {"s.txt.zst/s.txt": b"night"}
    found, _ = read(archives.tarred(STORIES, zstd.compress), "s.tar.zst")
    assert inside(found, "s.tar.zst") == STORIES


def seven_zipped(members, **options):
    py7zr = pytest.importorskip("py7zr")
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return out.getvalue()


def test_7z():
    content = seven_zipped(STORIES)
    assert kind_of(source_of(content)) == "7z"
    assert inside(read(content)[0]) == STORIES
    assert read(content[:-3])[1] == [("x.bin", "damaged")]
    assert read(seven_zipped(STORIES, password="moor"))[1] == [("x.bin", "encrypted")]
    assert read(seven_zipped({"a": bytes(20 * 2**20)}))[1] == [("x.bin", "suspicious_ratio")]


def test_7z_stops_its_thread_when_nobody_reads_on():
    items: Any = containers.read(source_of(seven_zipped({str(n): bytes([n]) * 999 for n in range(9)})), read_deep)
    assert next(items)[1] == b"\0" * 999
    items.close()


def test_links_and_devices_in_archives():
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    assert read(archives.tarred([(link, b""), ("a", b"x")]))[1] == [("x.bin/link", "not_a_file")]
    entry = zipfile.ZipInfo("link")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    assert read(archives.zipped([(entry, b"/etc/passwd"), ("a", b"x")]))[1] == [("x.bin/link", "not_a_file")]


def test_encrypted_members():
    content = bytearray(archives.zipped({"a.txt": b"secret"}))
    content[content.index(b"PK\1\2") + 8] |= 1
    assert read(bytes(content))[1] == [("x.bin/a.txt", "encrypted")]


def test_litter_of_macos_and_repeated_names():
    with pytest.warns(UserWarning, match="Duplicate"):
        content = archives.zipped([("a.txt", b"1"), ("a.txt", b"2"), ("__MACOSX/._a.txt", b"\0\5\x16\7")])
    found, rejects = read(content)
    assert inside(found) == {"a.txt": b"1", "a~2.txt": b"2"}
    assert rejects == [("x.bin/__MACOSX/._a.txt", "not_a_story")]


@given(st.text(), st.text())
def test_labels_stay_below(one, other):
    name = label(f"{one}/../{other}")
    assert name.encode()
    assert not name.startswith("/")
    assert not {".", "..", ""} & set(name.split("/"))


@given(st.text(max_size=6), st.sampled_from(["", ".txt", "/", "\\", "C:", "..", "\x7f", "\ud800", "x" * 1030]))
def test_plain_names_are_labels_as_they_are(name, more):
    parts = re.split(
        r"[/\\]", re.sub("[\ud800-\udfff]", "\ufffd", re.sub(r"[\x00-\x1f\x7f]", "", (name + more)[:1024]))
    )
    kept = [part for part in parts if part.strip() not in ("", ".", "..")]
    kept = kept[1:] if kept and re.fullmatch("[A-Za-z]:", kept[0]) else kept
    assert label(name + more) == ("/".join(kept) or "member")


def test_bad_checksum_and_wrong_size():
    content = bytearray(archives.zipped({"a.txt": b"A quiet evening", "b.txt": b"fine"}, zipfile.ZIP_STORED))
    content[content.index(b"quiet")] ^= 1
    found, rejects = read(bytes(content))
    assert (inside(found), rejects) == ({"b.txt": b"fine"}, [("x.bin/a.txt", "damaged")])


def test_records_before_the_damage_can_be_read():
    content = archives.gzipped(b"".join(b'{"n": %d}\n' % n for n in range(5000)))[:-2000]
    lines = []

    def by_line(source):
        with source.open() as stream:
            for line in stream:
                lines.append(line)
                yield None

    items: list[Any] = list(containers.read(source_of(content, "x.jsonl.gz"), by_line))
    assert len(lines) > 500
    assert (items[-1].ref, items[-1].reason) == ("x.jsonl.gz/x.jsonl", "damaged")


@pytest.mark.parametrize("build", [archives.zipped, archives.tarred, lambda m: archives.gzipped(*m.values())])
def test_large_members_are_streams_that_open_again(build):
    story = b"".join(b"%d hounds\n" % n for n in range(1_400_000))
    assert len(story) > HELD_BYTES
    seen = []

    def twice(source):
        assert source.opener is not None
        with source.open() as stream:
            seen.append(sum(map(len, stream)))
        seen.append(len(source.data))
        yield source.budget.unpacked_bytes

    items: list[Any] = list(containers.read(source_of(build({"a.txt": story})), twice))
    assert seen == [len(story)] * 2
    assert items[0] <= len(story) + 2 * 65536


def test_bombs():
    start = time.perf_counter()
    assert read(archives.gzip_bomb(300), "b.gz")[1] == [("b.gz/b", "suspicious_ratio")]
    assert read(archives.zipped({"b": bytes(30 * 2**20)}))[1] == [("x.bin/b", "suspicious_ratio")]
    assert read(archives.zip_of_one_kernel(20_000))[1][-1] == ("x.bin", "suspicious_ratio")
    assert time.perf_counter() - start < 10


def test_limits():
    nested = b"the end"
    for _ in range(7):
        nested = archives.zipped({"in.zip": nested}, zipfile.ZIP_STORED)
    assert [reason for _, reason in read(nested)[1]] == ["too_deep"]
    many = archives.zipped({f"{n}.txt": b"x" for n in range(50)})
    found, rejects = read(many, max_members=9)
    assert (len(found), rejects) == (9, [("x.bin", "too_many_members")])
    large = archives.zipped({f"{n}.txt": bytes(range(256)) * 2000 for n in range(9)}, zipfile.ZIP_STORED)
    found, rejects = read(large, max_unpacked_bytes=10**6)
    assert len(found) == 1
    assert {reason for _, reason in rejects} == {"too_large"}


def test_archives_without_files():
    assert read(archives.zipped({}))[1] == [("x.bin", "empty")]
    assert read(archives.zipped({"folder/": b""}))[1] == [("x.bin", "empty")]


def test_absurd_directories():
    content = bytearray(archives.zipped(STORIES))
    end = content.rindex(b"PK\5\6")
    struct.pack_into("<HH", content, end + 8, 65000, 65000)
    found, rejects = read(bytes(content))
    assert (inside(found), rejects) == (STORIES, [("x.bin", "damaged")])
    struct.pack_into("<HHHH", content, end + 4, 3, 3, 1, 9)
    assert read(bytes(content))[1] == [("x.bin", "format_not_supported")]


def test_tar_header_of_gigabytes():
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**33
    assert read(info.tobuf(tarfile.GNU_FORMAT) + b"9" * 2048)[1] == [("x.bin", "damaged")]


GOOD = [
    archives.zipped(STORIES),
    archives.zip_streamed(STORIES),
    archives.zipped(STORIES, zipfile.ZIP_LZMA),
    archives.tarred(STORIES),
    archives.tarred(STORIES, archives.gzipped),
    *(pack(b"The moor. " * 30) for pack in archives.PACKERS.values()),
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(GOOD), st.data())
def test_mutated_archives_end(content, data):
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(changed) // 2, len(changed)))
    read(bytes(changed[:cut]))


@pytest.fixture(scope="module")
def seven():
    return seven_zipped(STORIES)


@settings(deadline=None, max_examples=60)
@given(changes=st.lists(st.tuples(st.integers(6, 230), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutated_7z_ends(seven, changes):
    changed = bytearray(seven)
    for place, byte in changes:
        changed[place % len(changed)] = byte
    read(bytes(changed))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_samples():
    def sample(path):
        return read((SAMPLES / path).read_bytes(), Path(path).name)

    found, rejects = sample("other_sites/FanFicFare__fixtures_fanfictionsfr_zipfic.zip")
    assert [(ref.rpartition("/")[2], len(content)) for ref, content in found.items()] == [
        ("683_jainas_kiba.txt", 12126)
    ]
    assert rejects == []
    _, rejects = sample("broken_zip/yauzl__multi-disk_zip_files_are_not_supported_found_disk_number_1.zip")
    assert [reason for _, reason in rejects] == ["format_not_supported"]
    found, _ = sample("ao3_work/ao3-disco-ranking__30050436.gz")
    assert next(iter(found)).endswith("/ao3-disco-ranking__30050436")


@given(st.binary(min_size=8, max_size=8) | st.text("01234567 \0ao_-", min_size=8, max_size=8).map(str.encode))
def test_no_tar_is_passed_over_for_its_checksum(field):
    if container_tar._NO_CHECKSUM.match(bytes(148) + field, 148):
        with pytest.raises(tarfile.HeaderError):
            tarfile.nti(field)  # type: ignore[attr-defined]

"""Members of a zip in one go: what ``zipfile`` reads of them, or nothing."""

import io
import random
import struct
import zipfile
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers.container_whole import WholeMembers, unpacked

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=8)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])


def zipped(members: dict[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def compared(data: bytes) -> int:
    """Compares the two for each member; gives how many were read in one go."""
    stream = io.BytesIO(data)
    try:
        archive = zipfile.ZipFile(stream)
    except Exception:  # noqa: BLE001 - whatever zipfile says of it, there is nothing to compare
        return 0
    whole = WholeMembers(stream, archive.infolist())
    count = 0
    for info in archive.infolist():
        if (content := whole.read(info)) is not None:
            assert content == archive.read(info)
            count += 1
    return count


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=300), min_size=1, max_size=5), METHODS)
def test_members_are_those_of_zipfile(members: dict[str, bytes], method: int) -> None:
    assert compared(zipped(members, method)) == (0 if method == zipfile.ZIP_BZIP2 else len(members))


def test_damaged_members_are_left_to_zipfile() -> None:
    rng = random.Random(3)
    seed = zipped({f"{n}.txt": rng.randbytes(50) + b"fog " * 40 for n in range(4)}, zipfile.ZIP_DEFLATED)
    for _ in range(3000):
        data = bytearray(seed)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        compared(bytes(data))


def test_members_that_share_their_bytes_are_left_to_zipfile() -> None:
    data = zipped({"a.txt": b"fog" * 99, "b.txt": b"moor" * 99}, zipfile.ZIP_DEFLATED)
    second = data.rfind(b"PK\1\2")
    shared = data[: second + 42] + struct.pack("<L", 0) + data[second + 46 :].replace(b"b.txt", b"a.txt")
    archive = zipfile.ZipFile(stream := io.BytesIO(shared))
    whole = WholeMembers(stream, archive.infolist())
    assert [whole.read(info) for info in archive.infolist()] == [None, None]


def test_what_unpacks_to_more_or_less_than_stated_is_nothing() -> None:
    packed = zipped({"a": b"fog" * 99}, zipfile.ZIP_DEFLATED)[31:]
    crc = zlib.crc32(b"fog" * 99)
    assert unpacked(packed, 8, 297, crc) == b"fog" * 99
    assert unpacked(packed, 8, 296, crc) is None
    assert unpacked(packed, 8, 298, crc) is None
    assert unpacked(packed[:4], 8, 297, crc) is None
    assert unpacked(packed, 8, 297, crc + 1) is None
    assert unpacked(b"fog", 0, 3, zlib.crc32(b"fog")) == b"fog"


def test_large_members_are_unpacked_as_small_ones() -> None:
    rng = random.Random(5)
    for size in (0, 1, 40_000, 300_000):
        data = rng.randbytes(size // 3) + b"fog" * (size // 3)
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(data) + packer.flush()
        crc = zlib.crc32(data)
        assert unpacked(packed, zipfile.ZIP_DEFLATED, len(data), crc) == data
        assert unpacked(packed + b"more", zipfile.ZIP_DEFLATED, len(data), crc) == data
        assert unpacked(packed, zipfile.ZIP_DEFLATED, len(data) + 1, crc) is None
        assert unpacked(packed, zipfile.ZIP_DEFLATED, max(len(data) - 1, 0), crc ^ 1) is None
        assert unpacked(packed[:-1], zipfile.ZIP_DEFLATED, len(data), crc) is None

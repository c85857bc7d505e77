"""The engines that identify languages: langdetect's method always, langdetect-rs in its place, pycld2 beside it.

Nothing optional is imported before it is asked for. Everything is loaded once, under a lock: langdetect's own
module-level ``detect`` gives wrong labels when threads start it cold.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson
from langdetect.detector_factory import PROFILES_DIRECTORY

from pipelines.language_grams import SEED, Grams
from pipelines.language_pairs import Pairs, common_letters
from pipelines.language_scripts import PROFILES, SINGLE, script_of
from pipelines.language_tags import tag_of

EXTRA_PROFILES = Path(__file__).parent / "profiles"
PARITY_FILE = EXTRA_PROFILES / "parity.json"
EXTRA = ("eo", "la")
TOLERANCE = 1e-9

_AS_IN_PROFILES = str.maketrans("șțی", "şţي")

KNOWN = frozenset(SINGLE.values()) | {str(tag_of(code)) for codes in PROFILES.values() for code in codes}
"""Languages that the first engine can answer, as BCP 47 tags."""


class Guess(NamedTuple):
    """An engine's best answer."""

    language: str
    """BCP 47 tag."""
    confidence: float
    """0 to 1."""


class Opinion(NamedTuple):
    """What the second engine says of a text."""

    language: str | None
    """BCP 47 tag, ``None`` where it abstains."""
    confidence: float
    """Part of the text in that language, 0 to 1."""
    is_reliable: bool
    """The engine's own word for it."""


class Second(Protocol):
    """A second opinion."""

    def opinion(self, text: str) -> Opinion:
        """The language of a cleaned text."""


class Langdetect:
    """langdetect behind the script gate: the profiles that compete for a script, in sorted order.

    That gives the probabilities of all profiles under a prior map that is zero for the others, at two thirds of the
    cost. The seed is fixed, so that the answer depends on nothing but the text.
    """

    def __init__(self, profiles: Mapping[str, bytes]) -> None:
        self._profiles = profiles
        self._grams: dict[str, Grams] = {}
        self._letters: dict[str, frozenset[str]] = {}

    def _parsed(self, script: str) -> list[dict[str, Any]]:
        return [orjson.loads(self._profiles[code]) for code in PROFILES[script]]

    def probabilities(self, text: str, script: str) -> list[tuple[str, float]]:
        """Codes of langdetect and their probabilities above 0.1, best first; empty where it finds no features."""
        if (grams := self._grams.get(script)) is None:
            grams = self._grams[script] = Grams(self._parsed(script))
        return grams.probabilities(text)

    def strange_letters(self, text: str, script: str) -> int:
        """Letters of a cleaned text, in this script, that no competing language writes.

        They give Serbian, Belarusian, Kazakh, Icelandic or Maltese away, for which langdetect has no profile and
        another name. Not counted are Chinese characters and Latin Extended Additional, which the profiles blur.
        """
        if script.startswith("Chinese") or (script == "Latin" and text.isascii()):
            return 0
        if (known := self._letters.get(script)) is None:
            letters = (letter for profile in self._parsed(script) for letter in common_letters(profile))
            known = self._letters[script] = frozenset(letters)
        strange = [
            letter
            for letter in set(text) - known
            if letter.translate(_AS_IN_PROFILES) not in known
            and script_of(letter) == script
            and not "\u1e00" <= letter <= "\u1eff"
        ]
        return sum(map(text.count, strange))


class PackagedLangdetect(Langdetect):
    """The same, as a package computes it: ``langdetect`` itself or ``langdetect_rs``."""

    def __init__(self, package: str, profiles: Mapping[str, bytes]) -> None:
        super().__init__(profiles)
        self._errors: Any = importlib.import_module(f"{package}.lang_detect_exception").LangDetectException
        self._factory: Any = importlib.import_module(f"{package}.detector_factory").DetectorFactory
        self._profile: Any = importlib.import_module(f"{package}.utils.lang_profile").LangProfile
        self._factories: dict[str, Any] = {}

    def _made(self, script: str) -> Any:
        factory = self._factory()
        factory.seed = SEED
        parsed = self._parsed(script)
        for index, profile in enumerate(parsed):
            factory.add_profile(self._profile(**profile), index, len(parsed))
        return factory

    def probabilities(self, text: str, script: str) -> list[tuple[str, float]]:
        """As that of ``Langdetect``."""
        if (factory := self._factories.get(script)) is None:
            factory = self._factories[script] = self._made(script)
        detector = factory.create()
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except self._errors:
            return []
        return [(str(each.lang), float(each.prob)) for each in found]


class Cld2:
    """pycld2."""

    def __init__(self) -> None:
        self._module: Any = importlib.import_module("pycld2")

    def opinion(self, text: str) -> Opinion:
        """The language of a cleaned text; abstains where the engine refuses the text."""
        try:
            is_reliable, _, details = self._module.detect(text, isPlainText=True)
        except (self._module.error, ValueError):
            return Opinion(None, 0.0, is_reliable=False)
        _, code, percent, _ = details[0]
        return Opinion(tag_of(code), percent / 100, is_reliable=bool(is_reliable))


class Engines(NamedTuple):
    """The engines in force."""

    first: Langdetect
    second: Second | None
    methods: Mapping[str, str]
    """Names, versions and reasons, for the manifest."""
    pairs: Pairs | None = None
    """What tells whether windows are in one language; without it all are taken to be."""


def shipped_profiles() -> dict[str, bytes]:
    """All profiles that can compete, by langdetect's code: those shipped with langdetect, and our own."""
    extra = set(EXTRA)
    shipped = {code for codes in PROFILES.values() for code in codes} - extra
    return {code: (Path(PROFILES_DIRECTORY) / code).read_bytes() for code in sorted(shipped)} | {
        code: (EXTRA_PROFILES / f"{code}.json").read_bytes() for code in sorted(extra)
    }


def profiles_digest(profiles: Mapping[str, bytes]) -> str:
    """SHA-256 over the profiles' names and contents."""
    digest = hashlib.sha256()
    for code in sorted(profiles):
        digest.update(code.encode() + b"\0" + hashlib.sha256(profiles[code]).digest())
    return digest.hexdigest()


def check_parity(engine: Langdetect, digest: str) -> str | None:
    """Why an engine is not langdetect to 1e-9 on the fixed strings of ``parity.json``; ``None`` if it is.

    The file holds the answers of langdetect 1.0.9 itself, so that it need not be loaded to be compared with.
    """
    parity: dict[str, Any] = orjson.loads(PARITY_FILE.read_bytes())
    if parity["profiles_sha256"] != digest:
        return "its parity is recorded for other profiles"
    for case in parity["cases"]:
        found = engine.probabilities(case["text"], case["script"])
        if not _equal(found, case["probabilities"]):
            return f"it differs from langdetect on {case['text'][:40]!r}"
    return None


def _equal(found: Sequence[tuple[str, float]], expected: Sequence[Sequence[Any]]) -> bool:
    if [code for code, _ in found] != [code for code, _ in expected]:
        return False
    return all(abs(a - b) <= TOLERANCE for (_, a), (_, b) in zip(found, expected, strict=True))


def _load() -> Engines:
    profiles = shipped_profiles()
    digest = profiles_digest(profiles)
    first, how = _first(profiles, digest)
    second, second_how = _second()
    methods = {
        "language": f"langdetect {version('langdetect')}",
        "language_engine": how,
        "language_profiles": f"sha256:{digest}",
        "language_second": second_how,
    }
    return Engines(first, second, methods, Pairs(profiles))


def _first(profiles: Mapping[str, bytes], digest: str) -> tuple[Langdetect, str]:
    try:
        name = f"langdetect-rs {version('langdetect-rs')}"
        fast = PackagedLangdetect("langdetect_rs", profiles)
        why = check_parity(fast, digest)
    except (ImportError, PackageNotFoundError):
        why = "langdetect-rs is not installed"
    except Exception as error:  # noqa: BLE001 - whatever a young optional engine raises, the dependable one is there
        why = f"langdetect-rs failed: {type(error).__name__}"
    else:
        if why is None:
            return fast, f"{name}, equal to langdetect on the parity strings"
        why = f"{name} is not used: {why}"
    return Langdetect(profiles), f"python ({why})"


def _second() -> tuple[Second | None, str]:
    try:
        return Cld2(), f"pycld2 {version('pycld2')}"
    except (ImportError, PackageNotFoundError):
        return None, "none (pycld2 is not installed)"


_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603 - a lock that another thread held at the fork would never open in the child
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


@lru_cache(maxsize=1)
def _loaded() -> Engines:
    return _load()


def load() -> Engines:
    """The engines, loaded at the first call of a process."""
    with _lock:
        return _loaded()

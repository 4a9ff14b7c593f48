"""Block lists and patterns: what is found however it is written, and what is not."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from soravid.errors import InvalidRequest
from soravid.guardrails import BlockList, Guard, GuardrailBlocked, GuardrailUnavailable, Patterns
from soravid.guardrails.folding import READINGS, fold
from tests.guardrails.conftest import check

SPELLINGS = [
    "kill",
    "KILL!",
    "k\u200bill",
    "k\u00adi\u2060l\ufeffl",
    "ＫＩＬＬ",
    "kіll",
    "ΚΙLL",
    "КILL",
    "kíĺľ",
    "k\u0336i\u0336l\u0336l\u0336",
    "k\u3099ill",
    "k1ll",
    "ki|l",
    "k!ll",
    "𝐤𝐢𝐥𝐥",
    "𝓴𝓲𝓵𝓵",
    "ⓚⓘⓛⓛ",
    "⒦ill",
    "🅺🅸🅻🅻",
    "🇰🇮🇱🇱",
    "kɪʟʟ",
    "ĸıll",
    "kill_bill",
    "'kill'",
    "kill\ufe0f",
    "kill\U000e0061",
    "please,kill.now",
    "4kill",
    "kill2",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    with pytest.raises(GuardrailBlocked) as refused:
        check(Guard([BlockList(["kill"])]), f"Please {text} him")
    assert refused.value.rule == "kill"
    assert refused.value.message == "The prompt has a word that is not allowed here."


@pytest.mark.parametrize("text", ["skill", "killer", "k ill", "kil", "Kilimanjaro", "5skill", "kiil", "kii!"])
def test_another_word_is_not(text: str) -> None:
    assert check(Guard([BlockList(["kill"])]), text).prompt == text


@pytest.mark.parametrize(
    ("entry", "text", "masked"),
    [
        ("kill*", "skill killing KILLERS kill-bill", "skill *** *** ***-bill"),
        ("*kill", "skill, killing", "s***, killing"),
        ("sworn foe", "Sworn\u200b  --f0e and swornfoe", "*** and swornfoe"),
        ("kill-all", "kill all", "***"),
        ("a$$", "an a$$ass ass a$$", "an a$$ass ass ***"),
        ("ass", "455 frames, a 4ss", "455 frames, a ***"),
        ("mp5", "mp5 mp50 amp5", "*** mp50 amp5"),
        ("420", "420 4200 at 4 20", "*** 4200 at 4 20"),
        ("hi", "h! hi! hi", "h! ***! ***"),
        ("бомба", "БОМБА, бомбы", "***, бомбы"),
        ("Ελλάδα", "ΕΛΛΑΔΑ", "***"),
        ("straße", "STRASSE Straßen", "*** Straßen"),
        ("杀人", "我要杀人了", "我要***了"),
        ("살인", "살인을 봤다", "***을 봤다"),
        ("ฆ่า", "จะฆ่าเขา", "จะ***เขา"),
        ("か", "が か", "が ***"),
        ("מלחמה", "מִלְחָמָה", "***"),
        ("бомбы", "бомбы\u094d", "***"),
        ("दिन", "दिन दन", "*** दन"),
        ("سلام", "سَلَام", "***"),
        ("naïve", "NAIVE naïve", "*** ***"),
        ("kill", "e\u0301 kill\u0301\u200b \u0301", "e\u0301 *** \u0301"),
    ],
)
def test_finds_are_masked_and_the_rest_stays_as_it_was(entry: str, text: str, masked: str) -> None:
    assert check(Guard([BlockList([entry], action="rewrite")]), text).prompt == masked


def test_letters_that_unicode_calls_confusable_are_folded() -> None:
    """Each single letter of a living script that Unicode's data gives for a Latin one."""
    scripts = (
        "GREEK",
        "CYRILLIC",
        "ARMENIAN",
        "CHEROKEE",
        "COPTIC",
        "LISU",
        "LATIN",
        "FULLWIDTH",
        "MATHEMATICAL",
    )
    missed, seen = [], 0
    for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for other in confusables_data[letter]:
            one = other["c"]
            if len(one) != 1 or unicodedata.category(one)[0] != "L" or not other["n"].startswith(scripts):
                continue
            seen += 1
            text = fold(one).text
            readings = {text, *READINGS.get(text, "")}
            wanted = letter.lower()
            if wanted not in readings and not ({wanted, *readings} & {"i"} and {wanted, *readings} & {"l"}):
                missed.append((letter, one, other["n"], text))
    assert seen > 600
    # Read as the letter whose name they have, or as the likelier of two.
    assert {one for _, one, _, _ in missed} <= set("σςƽſͺ")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_folding_is_stable_and_knows_where_everything_came_from(text: str) -> None:
    folded = fold(text)
    assert len(folded.where) == len(folded.text) + 1
    assert list(folded.where) == sorted(folded.where)
    assert fold(folded.text).text == folded.text
    for place in range(len(folded.text)):
        start, end = folded.span(place, place + 1)
        assert 0 <= start < end <= len(text)


DISGUISES = [
    str.upper,
    lambda word: "\u200b".join(word),
    lambda word: unicodedata.normalize("NFD", "".join(f"{letter}\u0301" for letter in word)),
    lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
    lambda word: "".join(chr(0x1D41A + ord(letter) - ord("a")) for letter in word),
    lambda word: word.translate(str.maketrans("aceopxyisj", "асеорхуіѕј")),
    lambda word: word.translate(str.maketrans("aeiost", "431057")),
]


@settings(deadline=None)
@given(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12).filter(
        lambda word: not set(word) <= set("aeiost")
    ),
    st.sampled_from(DISGUISES),
    st.text(st.sampled_from(" ,.-"), min_size=1, max_size=3),
)
def test_any_word_is_found_in_any_disguise(word: str, disguise: Any, around: str) -> None:
    prompt = f"A{around}{disguise(word)}{around}boat"
    outcome = check(Guard([BlockList([word], action="rewrite")]), prompt)
    assert outcome.prompt == f"A{around}***{around}boat"


@settings(deadline=None)
@given(st.text(max_size=80), st.lists(st.text("abc1!$ -", min_size=1, max_size=5), min_size=1, max_size=5))
def test_no_text_breaks_it(text: str, words: list[str]) -> None:
    words = [word for word in words if any(letter.isalnum() for letter in word)] or ["abc"]
    assert check(Guard([BlockList(words, action="rewrite")]), f"x {text}").prompt


def test_a_list_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("\ufeff# not these\n\n  kill  \nsworn foe\n", encoding="utf-8")
    guard = Guard([BlockList(file=file, reason="Not in this school.")])
    with pytest.raises(GuardrailBlocked, match="Not in this school") as refused:
        check(guard, "Kill, sworn foe")
    assert refused.value.rule == "kill, sworn foe"
    assert check(guard, "not these").prompt == "not these"


def test_a_list_that_cannot_work_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidRequest, match=r"cannot be read: No such file or directory\."):
        BlockList(file=tmp_path / "none.txt")
    with pytest.raises(InvalidRequest, match="it is no UTF-8 text"):
        BlockList(file=tmp_path / "binary")
    with pytest.raises(InvalidRequest, match="needs words"):
        BlockList([])
    for entry in ("**", "--", "", 5):
        with pytest.raises(InvalidRequest, match="is no word"):
            BlockList([entry])  # type: ignore[list-item]
    with pytest.raises(InvalidRequest, match="action must be block, flag or rewrite, not 'mask'"):
        BlockList(["a"], action="mask")  # type: ignore[arg-type]


def test_the_negative_prompt_is_not_judged() -> None:
    assert check(Guard([BlockList(["blood"])]), "A boat", negative_prompt="blood").flags == ()


def test_a_long_list_and_a_long_prompt_take_no_time() -> None:
    guard = Guard([BlockList([f"word{number}x" for number in range(10_000)])])
    prompt = ("the quick brown fox w0rd9 " * 1300)[:32_000]
    begun = time.monotonic()
    check(guard, prompt)
    assert time.monotonic() - begun < 2


# --- patterns ---


def test_patterns_are_sought_as_written_and_as_read() -> None:
    guard = Guard([Patterns({"project": r"\bproject\s+titan\b", "badge": r"[A-Z]{2}-\d{4}"}, action="flag")])
    assert check(guard, "prоjeсt\u200b TITAN").flags[0].rule == "project"  # Cyrillic о and с
    assert check(guard, "Badge ab-1234").flags[0].rule == "badge"
    assert check(guard, "projection titanic AB-12").flags == ()


def test_patterns_are_masked() -> None:
    guard = Guard([Patterns([r"\d{3}-\d{4}", r"b[o0]at"], action="rewrite", mask="[removed]")])
    assert check(guard, "Call 555-0199 about a BÖAT or b0at").prompt == (
        "Call [removed] about a [removed] or [removed]"
    )


def test_a_pattern_that_runs_away_is_stopped_and_lets_others_work() -> None:
    guard = Guard([Patterns(r"(a+)+b", match_timeout=0.3)])
    ticks = []

    begun = time.monotonic()
    import threading

    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.01):
            ticks.append(1)

    other = threading.Thread(target=tick)
    other.start()
    with pytest.raises(GuardrailUnavailable) as refused:
        check(guard, "a" * 5000 + "c")
    done.set()
    other.join()
    assert time.monotonic() - begun < 5
    assert len(ticks) > 5
    assert "took longer than 0.3 s. Write it so that" in str(refused.value)


def test_a_pattern_that_is_none_is_told() -> None:
    with pytest.raises(InvalidRequest, match=r"'\(a' is no regular expression: missing \)"):
        Patterns("(a")
    with pytest.raises(InvalidRequest, match="is no regular expression"):
        Patterns([5])  # type: ignore[list-item]
    with pytest.raises(InvalidRequest, match="at least one pattern"):
        Patterns([])

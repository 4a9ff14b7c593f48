"""Content credentials: read from clips that were really signed, and told when they get lost."""

from __future__ import annotations

import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soravid.errors import DownloadFailed, MissingExtra
from soravid.media import (
    CredentialsLost,
    Provenance,
    credentials_line,
    credentials_of,
    has_credentials,
    join_clips,
    probe,
)
from tests.core.helpers import python
from tests.media.making import BLUE, RED, left_over, make
from tests.media.signing import OWNER, sign


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("plain") / "plain.mp4", RED, tone=440)


@pytest.fixture(scope="module")
def signed(plain: Path) -> Path:
    return sign(plain, plain.with_name("signed.mp4"))


def test_a_signed_clip_says_who_made_it(signed: Path) -> None:
    found = credentials_of(signed)
    assert found == Provenance("Test Model 1.0", OWNER, None, valid=True, made_by_ai=True)
    assert str(found) == f"Made with AI by Test Model 1.0, signed by {OWNER}"
    assert has_credentials(signed)
    assert str(probe(signed)).endswith(" kB · content credentials")


def test_a_clip_without(plain: Path) -> None:
    assert credentials_of(str(plain)) is None
    assert not has_credentials(str(plain))
    assert credentials_line(str(plain)) is None
    assert "credentials" not in str(probe(plain))


def test_a_changed_picture_is_told(signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[data.index(b"mdat") + 200] ^= 1
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    found = credentials_of(changed)
    assert found is not None
    assert found.valid is False
    assert credentials_line(changed) == (
        "Not valid: the file was changed, or its signature does not hold. "
        f"It says: made with AI by Test Model 1.0, signed by {OWNER}"
    )
    unchecked = credentials_of(changed, check=False)
    assert unchecked is not None
    assert (unchecked.valid, unchecked.made_by_ai) == (None, True)


def test_damaged_credentials_are_told(signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    at = data.index(b"jumb")
    data[at : at + 64] = bytes(64)
    (tmp_path / "damaged.mp4").write_bytes(data)
    with pytest.raises(DownloadFailed, match=r"damaged\.mp4"):
        credentials_of(tmp_path / "damaged.mp4")
    assert credentials_line(tmp_path / "damaged.mp4") == "Damaged, cannot be read"


@pytest.mark.parametrize(
    ("source", "made_by_ai"),
    [
        ("trainedAlgorithmicMedia", True),
        ("compositeWithTrainedAlgorithmicMedia", True),
        ("algorithmicMedia", False),
        ("digitalCapture", False),
    ],
)
def test_what_counts_as_made_by_ai(plain: Path, tmp_path: Path, source: str, made_by_ai: bool) -> None:
    found = credentials_of(sign(plain, tmp_path / "a.mp4", source=source))
    assert found is not None
    assert found.made_by_ai is made_by_ai
    assert str(found).startswith("Made with AI by " if made_by_ai else "Made by ")


def test_what_the_clip_was_before_counts_too(plain: Path, signed: Path, tmp_path: Path) -> None:
    edited = sign(plain, tmp_path / "a.mp4", maker=("Cutter", "2"), parent=signed)
    found = credentials_of(edited)
    assert found is not None
    assert (found.maker, found.made_by_ai) == ("Cutter 2", True)


def test_what_was_only_put_into_it_does_not(plain: Path, signed: Path, tmp_path: Path) -> None:
    found = credentials_of(sign(plain, tmp_path / "a.mp4", source="digitalCapture", component=signed))
    assert found is not None
    assert not found.made_by_ai


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            Provenance("Sora 2", "OpenAI", datetime(2026, 3, 4, 5, 6, tzinfo=UTC), True, True),
            "Made with AI by Sora 2, signed by OpenAI, 4 Mar 2026",
        ),
        (
            Provenance("Sora 2", "OpenAI", None, None, False),
            "Not checked. It says: made by Sora 2, signed by OpenAI",
        ),
        (Provenance("", "OpenAI", None, True, True), "Made with AI, signed by OpenAI"),
        (Provenance("", "", None, True, False), "Signed by somebody unnamed"),
        (Provenance("A\nB" + "x" * 99, "", None, True, False), None),
    ],
)
def test_the_line(found: Provenance, line: str | None) -> None:
    assert str(found) == line or (line is None and "\n" not in str(found) and len(str(found)) < 130)


def test_a_large_clip_is_read_and_not_held_in_memory(tmp_path: Path) -> None:
    """It is checked only where somebody asks: c2pa would hold it whole."""
    large, signed = make(tmp_path / "large.mp4", RED), tmp_path / "signed.mp4"
    with large.open("ab") as file:
        file.write((80 << 20).to_bytes(4, "big") + b"mdat")
        file.truncate(file.tell() + (80 << 20) - 8)
    said = python(
        """if True:
        import sys
        from pathlib import Path
        from soravid.media import credentials_line
        print(credentials_line(sys.argv[1]))
        print(next(line.split()[1] for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
        """,
        str(sign(large, signed)),
    ).splitlines()
    assert said[0] == f"Not checked. It says: made with AI by Test Model 1.0, signed by {OWNER}"
    assert int(said[1]) < 70_000  # kB, of which Python and its imports take about 30,000
    checked = credentials_of(signed)
    assert checked is not None
    assert checked.valid is True


def test_without_c2pa(plain: Path, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(MissingExtra, match=r'Reading content credentials .*soravid\[c2pa\]"'):
        credentials_of(signed)
    assert credentials_of(plain) is None  # that can be told without it
    assert has_credentials(signed)
    assert credentials_line(signed) == (
        "In the file. Reading content credentials needs an optional part. "
        'Install it: pip install "soravid[c2pa]"'
    )


def test_files_that_are_no_mp4(tmp_path: Path) -> None:
    for name, data in {"empty": b"", "text.txt": b"words " * 50, "zeros.mp4": bytes(500)}.items():
        (tmp_path / name).write_bytes(data)
        assert not has_credentials(tmp_path / name)
        assert credentials_of(tmp_path / name) is None
    with pytest.raises(DownloadFailed, match="nothing"):
        has_credentials(tmp_path / "nothing.mp4")
    with pytest.raises(DownloadFailed, match="nothing"):
        credentials_of(tmp_path / "nothing.mp4")


def test_boxes_of_every_length(plain: Path, tmp_path: Path) -> None:
    """A long box has its length in 8 bytes, and the last one may have none; other uuid boxes are not ours."""
    c2pa_box = b"uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"rest"
    other = (24).to_bytes(4, "big") + b"uuid" + bytes(16)
    long = (1).to_bytes(4, "big") + b"free" + (116).to_bytes(8, "big") + bytes(100)
    cases = {
        "last": (plain.read_bytes() + long + other + bytes(4) + c2pa_box, True),
        "long": (long + (1).to_bytes(4, "big") + b"uuid" + (36).to_bytes(8, "big") + c2pa_box[4:], True),
        "inside": (bytes([0, 0, 0, 36]) + b"free" + (28).to_bytes(4, "big") + c2pa_box, False),
        "other": (plain.read_bytes() + other, False),
        "short": ((4).to_bytes(4, "big") + b"free" + (28).to_bytes(4, "big") + c2pa_box, False),
    }
    for name, (data, wanted) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert has_credentials(tmp_path / name) is wanted, name


def test_only_the_heads_are_read(tmp_path: Path) -> None:
    """A box of 5 GB that is a hole in the file takes no time."""
    path = tmp_path / "huge.mp4"
    with path.open("wb") as file:
        file.write((1).to_bytes(4, "big") + b"mdat" + (5 << 30).to_bytes(8, "big"))
        file.seek(5 << 30)
        file.write((28).to_bytes(4, "big") + b"uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481"))
        file.write(b"rest")
    assert has_credentials(path)


def test_joining_warns_that_credentials_are_lost(plain: Path, signed: Path, tmp_path: Path) -> None:
    with pytest.warns(
        CredentialsLost, match=r"^signed\.mp4 has content credentials; the joined clip has none"
    ):
        joined = join_clips([plain, signed, signed], tmp_path / "joined.mp4")
    assert probe(joined).seconds == 3.0
    assert not has_credentials(joined)
    other = sign(make(tmp_path / "b.mp4", BLUE), tmp_path / "other.mp4")
    with pytest.warns(CredentialsLost, match=r"signed\.mp4, other\.mp4 have"):
        join_clips([signed, other], tmp_path / "two.mp4")


def test_the_warning_as_an_error_keeps_everything_as_it_is(signed: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CredentialsLost):
            join_clips([signed], tmp_path / "joined.mp4")
    assert not (tmp_path / "joined.mp4").exists()
    assert left_over(tmp_path) == []


def test_a_signed_clip_still_plays(plain: Path, signed: Path) -> None:
    assert probe(signed).seconds == probe(plain).seconds

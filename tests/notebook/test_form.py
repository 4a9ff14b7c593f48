"""What a form holds and says, with a real journal and the local engine; the page is played by the test."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

import soravid
from soravid import catalog, config, session
from soravid.errors import InvalidRequest, UnknownKeyword
from soravid.notebook import options
from soravid.notebook.form import form
from soravid.notebook.presets import args_of
from soravid.notebook.widgets.form import FormWidget
from soravid.notebook.widgets.form_takes import TakeWidget
from soravid.notebook.widgets.uploads import PIECE

SMALL = "-s 1 -z 320x180"
KITE = "A red kite over a harbour, slow pan left"
PATIENCE = 15.0
_ANSWERS = {"cell": {"cell"}, "upload": {"upload"}, "generate": set[str]()}


class Page(FormWidget):
    """A form, and the page that it would be shown on."""

    def __init__(self, line: str = SMALL, prompt: str = KITE, **names: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self.news = threading.Event()
        self._count = 0
        super().__init__(options.parse(line), prompt, names)
        self.until(lambda: self.offer)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.heard.append(dict(content) | {"buffers": buffers})
        self.news.set()

    def say(self, kind: str, buffers: Any = (), **content: Any) -> None:
        """Send what the page sends."""
        self._count += 1
        values = {"values": {**self.values, **content.pop("values", {})}, "n": f"n{self._count}"}
        self._handle_custom_msg({**values, **content, "type": kind}, list(buffers))

    def answer(self, kind: str, buffers: Any = (), **content: Any) -> dict[str, Any]:
        """Send what the page sends; returns the answer, or the complaint."""
        self.heard.clear()
        self.say(kind, buffers, **content)

        def answers() -> list[dict[str, Any]]:
            return [each for each in self.heard if each["type"] in _ANSWERS[kind] or each.get("words")]

        self.until(answers)
        return answers()[0]

    def type(self, **values: Any) -> dict[str, Any]:
        """Type into fields; returns the price that is shown then."""
        self.say("edit", values=values)
        self.until(lambda: self.offer["n"] == f"n{self._count}")
        return dict(self.offer)

    def cell(self, **values: Any) -> str:
        """Press As a cell."""
        return str(self.answer("cell", values=values)["source"])

    def press(self) -> list[TakeWidget]:
        """Press Generate; returns the takes that come of it."""
        before = len(self.takes)
        self.say("generate", seen=self.offer["cost"])
        self.until(lambda: len(self.takes) > before)
        return list(self.takes[: len(self.takes) - before])

    def made(self) -> list[TakeWidget]:
        """Press Generate and wait for the clips."""
        takes = self.press()
        self.until(lambda: all(take.clip or take.html for take in takes))
        return takes

    def upload(self, name: str, data: bytes, slot: str = "reference") -> list[dict[str, Any]]:
        """Bring a file in pieces; returns the answers."""
        answers = []
        for at in range(0, len(data), PIECE):
            piece = [memoryview(data[at : at + PIECE])]
            answers.append(self.answer("upload", piece, id="u1", slot=slot, name=name, size=len(data), at=at))
            if "error" in answers[-1]:
                break
        return answers

    def until(self, ready: Any) -> None:
        """Wait for a change of the form or of its takes."""
        end, watched = time.monotonic() + PATIENCE, [self, *self.takes]
        for widget in watched:
            widget.observe(self._changed)
        while not ready():
            self.news.clear()
            if ready():
                break
            assert self.news.wait(end - time.monotonic()), f"in vain: {self.offer}, {self.heard[-3:]}"
        for widget in watched:
            widget.unobserve(self._changed)

    def _changed(self, _: Any) -> None:
        self.news.set()

    @property
    def labels(self) -> list[str]:
        """What the fields are called."""
        return [label for label, *_ in [*self.spec["rows"], *self.spec["more"]]]

    def part(self, label: str, at: int = 0) -> dict[str, Any]:
        """A field's part."""
        rows = {row[0]: row[1:] for row in [*self.spec["rows"], *self.spec["more"]]}
        return dict(rows[label][at])


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SORAVID_HOME", str(tmp_path / "home"))
    before = dict(catalog._catalogue())
    soravid.add_models({"id": "local/animatic", "prices": {"any": "0.10"}})
    yield tmp_path
    catalog._catalogue().clear()
    catalog._catalogue().update(before)


def picture(size: tuple[int, int] = (640, 360), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


# --- the fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        ("local/animatic", ["Length", "Shape", "Size", "Picture", "Takes", "Seed"]),
        ("openai/sora-2", ["Length", "Shape", "Picture", "Takes"]),
        (
            "vertex_ai/veo-3.1-generate-001",
            [
                *("Length", "Shape", "Size", "Picture", "Sound", "Takes"),
                *("Last frame", "References", "Avoid", "Seed"),
            ],
        ),
        ("runwayml/aleph2", ["Length", "Shape", "Size", "Takes", "Seed"]),
        (
            "somebody/unknown",
            ["Length", "Shape", "Size", "Picture", "Takes", "Last frame", "References", "Avoid", "Seed"],
        ),
    ],
)
def test_only_what_the_model_has_is_there(model: str, labels: list[str]) -> None:
    assert Page(f"-m {model}").labels == labels


def test_durations_and_sizes_are_the_models_own() -> None:
    page = Page("-m openai/sora-2-pro")
    assert [words for _, words in page.part("Length")["pills"]] == ["4 s", "8 s", "12 s", "16 s", "20 s"]
    assert page.part("Shape")["pills"] == [["720x1280", "9:16"], ["1280x720", "16:9"]]
    # Two are sold as 1080p: their pixels tell them apart.
    assert [words for _, words in page.part("Size")["pills"]] == ["720p", "1024x1792", "1080x1920"]
    page.type(model="gemini/gemini-omni-1.2-flash")
    length = page.part("Length")
    assert (length["type"], length["min"], length["max"]) == ("number", "3", "15")
    assert [words for _, words in page.part("Size")["pills"]] == ["360p", "720p", "1080p", "4k"]


def test_another_shape_keeps_the_class() -> None:
    page = Page("-m gemini/gemini-omni-1.2-flash -z 1920x1080")
    portrait = {words: size for size, words in page.part("Shape")["pills"]}["9:16"]
    assert portrait == "1080x1920"
    page.type(size=portrait)
    assert page.part("Size")["pills"][0] == ["360x640", "360p"]


def test_another_model_keeps_what_it_can_take() -> None:
    page = Page("-m runwayml/gen4.5 -s 8 -z 720x1280")
    page.type(model="vertex_ai/veo-3.1-fast-generate-001")
    assert (page.values["seconds"], page.values["size"]) == ("8", "720x1280")
    page.type(model="openai/sora-2", seconds="8")
    assert (page.values["seconds"], page.values["size"]) == ("8", "720x1280")
    page.type(model="runwayml/hailuo3")
    assert (page.values["seconds"], page.values["size"]) == ("8", "768x1366")
    page.type(model="local/animatic")
    assert page.values["size"] == "768x1366"


def test_a_number_that_is_being_typed_is_left_alone() -> None:
    page = Page("-m gemini/gemini-omni-1.2-flash")
    offer = page.type(seconds="1")
    assert page.values["seconds"] == "1"
    assert "takes seconds of 3 to 15, not 1" in offer["off"]


def test_what_the_next_model_lacks_is_said_to_be_left_out() -> None:
    page = Page("-m vertex_ai/veo-3.1-generate-001 --negative 'text, logos' --seed 7")
    assert page.spec["open"]
    assert page.offer["note"] == ""
    offer = page.type(model="openai/sora-2")
    assert offer["note"] == "Left out, this model has no place for it: the negative prompt, the seed."
    assert "--negative" not in page.cell()
    page.type(model="vertex_ai/veo-3.1-generate-001")
    assert page.values["negative"] == "text, logos"


# --- the models ---------------------------------------------------------------------------------------


def test_the_picker_tells_price_and_key_and_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    rows = {row[0]: row for row in page.models}
    assert rows["local/animatic"][2:] == ["$0.10/s", "no key needed", ""]
    assert rows["runwayml/gen4.5"][2:] == ["$0.12/s", "set RUNWAYML_API_SECRET", ""]
    assert rows["openai/sora-2"][3:] == ["shut down 2026-09-24", "gone"]
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key-of-a-test")
    page.say("look")
    assert {row[0]: row[3] for row in page.models}["runwayml/gen4.5"] == "key ✓"
    assert "key-of-a-test" not in str(page.get_state())


def test_a_model_group_is_a_model(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "groups.yaml").write_text(
        "model_list:\n"
        "  - {model_name: draft, litellm_params: {model: runwayml/gen4.5, order: 2}}\n"
        "  - {model_name: draft, litellm_params: {model: local/animatic, order: 1}}\n"
    )
    monkeypatch.setattr(config, "_active", config._active)  # put back afterwards
    soravid.load_config(place / "groups.yaml")
    page = Page("-m draft -s 2 -z 1280x720")
    assert page.models[0] == [
        "draft",
        "Group of runwayml/gen4.5, local/animatic",
        "$0.12/s, $0.10/s",
        "key ✓",
        "",
    ]
    assert page.offer["off"] == ""
    assert page.offer["cost"] == "$0.20 to $0.24 for 1 take"


# --- the price ----------------------------------------------------------------------------------------


def test_the_price_stands_before_the_button() -> None:
    page = Page()
    assert page.offer["cost"] == "$0.10 for 1 take"
    assert page.type(seconds="4")["cost"] == "$0.40 for 1 take"
    assert page.type(takes="3")["cost"] == "$1.20 for 3 takes"
    assert page.type(prompt="")["cost"] == "$1.20 for 3 takes"


def test_what_is_not_known_is_not_zero() -> None:
    catalog.add({"id": "local/other", "like": "local/animatic", "prices": {}})
    assert Page("-m local/other").offer["cost"] == "price unknown for 1 take"
    session.budget(1)
    offer = Page("-m local/other").offer
    assert offer["off"] == "Without a price it cannot be kept under the budget."


def test_a_price_that_may_differ_is_a_span() -> None:
    catalog.add(
        {"id": "local/other", "like": "local/animatic", "prices": {"any": "0.10"}, "tolerance": "0.25"}
    )
    assert Page("-m local/other -s 4").offer["cost"] == "$0.30 to $0.50 for 1 take"


@pytest.mark.parametrize(
    ("line", "prompt", "why"),
    [
        ("", "", "Write a prompt first."),
        ("", "A {colour} kite", "{colour} in the prompt names nothing that is defined."),
        ("-m runwayml/gen4.5", KITE, "There is no key for runwayml: set RUNWAYML_API_SECRET."),
        ("-m openai/sora-2", KITE, "openai/sora-2 was shut down on 2026-09-24."),
        ("-m runwayml/gen4_turbo", KITE, "runwayml/gen4_turbo makes no clip from a prompt alone."),
        ("-m local/nothing", KITE, "There is no model 'local/nothing'."),
        ("--max-cost 0.01", KITE, "The clip is estimated at $0.40, above the limit of $0.01."),
        ("-r nowhere.png", KITE, "There is no file 'nowhere.png'."),
        ("--seed 1", "x" * 32_001, "The prompt has 32001 characters; at most 32000 can be sent."),
    ],
)
def test_a_button_that_is_off_says_why(line: str, prompt: str, why: str) -> None:
    page = Page(line, prompt)
    page.until(lambda: page.offer["off"].startswith(why))
    assert why in page.answer("generate", seen=page.offer["cost"])["words"]
    assert page.takes == []
    assert session.jobs() == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"takes": "21"}, "Takes must be 1 to 20, not 21."),
        ({"takes": ""}, "Takes must be 1 to 20, not nothing."),
        ({"seed": "7.5"}, "Seed must be a whole number, not '7.5'."),
        ({"size": "wide"}, "size must be WIDTHxHEIGHT in pixels"),
        ({"seconds": "99"}, "local/animatic takes seconds of 1 to 60, not 99."),
        ({"seconds": "long"}, "seconds must be a positive number"),
    ],
)
def test_what_is_typed_wrong_is_said_in_a_sentence(typed: dict[str, str], why: str) -> None:
    page = Page()
    assert why in page.type(**typed)["off"]
    for name, value in typed.items():
        assert page.values[name] == value


def test_a_budget_is_told_and_kept() -> None:
    session.budget("0.25")
    page = Page()
    assert page.offer["left"] == "$0.25 of $0.25 left"
    offer = page.type(takes="3")
    assert offer["off"] == "Over budget: at most $0.30, and $0.25 is left. %video budget USD raises it."
    assert page.type(takes="2")["off"] == ""


def test_a_budget_that_is_changed_elsewhere_is_seen() -> None:
    page = Page()
    page._ipython_display_()
    session.budget("0.05")
    page.until(lambda: page.offer["off"].startswith("Over budget"))
    session.budget(5)
    page.until(lambda: page.offer["left"] == "$5.00 of $5.00 left" and not page.offer["off"])
    page.close()


# --- making -------------------------------------------------------------------------------------------


def test_generate_makes_the_takes_and_counts_them(place: Path) -> None:
    session.budget(1)
    page = Page(f"kites -n 2 {SMALL}", "A {colour} kite on a string, slow pan left", colour="red")
    takes = page.made()
    assert [take.clip["prompt"] for take in takes] == ["A red kite on a string, slow pan left"] * 2
    assert [(place / take.clip["path"]).is_file() for take in takes] == [True, True]
    assert len({take.clip["id"] for take in takes}) == 2
    assert session.spend().settled == 200_000_000
    page.until(lambda: page.offer["left"] == "$0.80 of $1.00 left")
    assert [job.id for job in page._names["kites"]] == [take.clip["id"] for take in takes]


def test_the_newest_takes_stand_first() -> None:
    page = Page()
    (first,) = page.made()
    page.type(prompt="A blue kite over a harbour, slow pan left")
    (second,) = page.made()
    assert page.takes == [second, first]


def test_the_same_again_costs_nothing_and_says_so() -> None:
    page = Page()
    page.made()
    page.until(lambda: page.offer["cost"] == "$0.00 · made already")
    (again,) = page.made()
    assert "re-used from" in again.clip["facts"]
    assert "$0.00 (saved $0.10)" in again.clip["facts"]
    assert again.again == "Make a new one · $0.10"
    assert session.spend().jobs == 1


def test_a_new_one_is_another_take_that_a_cell_finds_again() -> None:
    page = Page()
    page.made()
    (again,) = page.made()
    page.say("again", take=again.model_id)
    page.until(lambda: len(page.takes) == 3)
    page.until(lambda: page.takes[0].clip)
    assert page.takes[0].clip["details"]["Take"] == "2"
    assert session.spend().settled == 200_000_000
    assert page.type(takes="3")["cost"] == "$0.10 for 1 take · 2 made already"
    assert page.type(takes="2")["cost"] == "$0.00 · all 2 takes made already"


def test_a_price_that_rose_meanwhile_is_not_paid() -> None:
    page = Page()
    seen = page.offer["cost"]
    soravid.add_models({"id": "local/animatic", "prices": {"any": "0.50"}})
    assert "The price has changed" in page.answer("generate", seen=seen)["words"]
    assert session.jobs() == []


def test_what_was_typed_at_the_last_moment_is_not_made_at_an_unseen_price() -> None:
    page = Page()
    answer = page.answer("generate", values={"seconds": "60"}, seen=page.offer["cost"])
    assert answer["words"] == "Nothing was sent: The price has changed. Look, and press again."
    assert page.takes == []
    page.until(lambda: page.offer["cost"] == "$6.00 for 1 take")


def test_a_refusal_is_a_card() -> None:
    page = Page(SMALL, "[refuse] a kite over a harbour, slow pan")
    (take,) = page.made()
    assert "Refused by the provider" in take.html
    assert take.clip == {}


def test_a_take_can_be_called_back() -> None:
    page = Page(f"{SMALL} --param pace=3")
    (take,) = page.press()
    take._handle_custom_msg({"type": "cancel", "job": take.rows[0]["id"]}, [])
    page.until(lambda: take.html)
    assert "Cancelled" in take.html


def test_a_fault_of_ours_is_told_without_a_traceback() -> None:
    page = Page()
    page._handle_custom_msg({"type": "edit", "values": None, "n": "n1"}, [])
    assert page.heard[-1]["words"] == "soravid has a fault (AttributeError)."


# --- cells --------------------------------------------------------------------------------------------


def test_a_form_can_be_written_out_as_a_cell() -> None:
    page = Page("kite --max-cost 2 --fallback local/animatic -n 2", "A {colour} kite\nby night", colour="red")
    assert page.cell(seconds="2", seed="7") == (
        "%%video kite -m local/animatic -s 2 -z 1280x720 -n 2 --seed 7 "
        "--fallback local/animatic --max-cost 2\n"
        "A {colour} kite\nby night"
    )
    assert page.part("Also") == {"also": "kite --fallback local/animatic --max-cost 2"}


def test_a_cell_and_its_form_ask_for_the_same_clip() -> None:
    page = Page("-s 1 -z 320x180 --seed 5", KITE)
    (take,) = page.made()
    args = options.parse(page.cell().split("\n")[0].removeprefix("%%video"))
    job = session.generate(
        KITE, model=args.model, seconds=args.seconds, size=args.size, seed=args.seed, reuse=True
    )
    assert job.wait().job_id == take.clip["id"]


def test_a_remix_has_what_a_remix_takes() -> None:
    page = Page()
    (take,) = page.made()
    remix = Page(f"--remix {take.clip['id']}", "The kite falls into the water, slow pan left")
    assert remix.title == f"Remix of {take.clip['id']}"
    assert remix.part("Length")["min"] == "1"
    assert remix.part("Shape")["pills"][0] == ["", "As it is"]
    assert remix.offer["cost"] == "$0.10 for 1 take"
    (made,) = remix.made()
    assert made.clip["facts"].startswith("1 s · 320x180")


# --- pictures -----------------------------------------------------------------------------------------


def test_a_picture_comes_in_pieces_and_is_kept_beside_the_clips(place: Path) -> None:
    page = Page("-z 1280x720 -s 1")
    data = picture((1600, 1200))
    assert len(data) > 2 * PIECE
    assert not any("error" in answer for answer in page.upload("my photo.png", data))
    page.until(lambda: page.pictures["reference"])
    (shown,) = page.pictures["reference"]
    assert (shown["facts"], shown["problem"]) == ("1600x1200", "")
    (file,) = (place / "soravid_media").iterdir()
    assert file.read_bytes() == data
    assert f"-r soravid_media/{file.name}" in page.cell()
    page.until(lambda: any(each["type"] == "thumb" for each in page.heard))
    thumb = next(each for each in page.heard if each["type"] == "thumb")
    assert thumb["key"] == shown["key"]
    assert len(thumb["buffers"][0]) < 40_000
    assert "base64" not in str(page.get_state())
    page.say("remove", slot="reference", at=0)
    assert page.pictures["reference"] == []


def test_a_picture_of_another_size_is_made_to_fit() -> None:
    page = Page("-z 320x180 -s 1")
    page.upload("same.png", picture((320, 180)))
    page.until(lambda: page.pictures["reference"])
    assert "Fit" not in page.labels
    page.upload("square.png", picture((200, 200)))
    page.until(lambda: page.pictures["reference"][0]["facts"] == "200x200")
    assert [words for _, words in page.part("Fit")["pills"]] == [
        "As it is",
        "Fill the frame",
        "Show all of it",
    ]
    page.type(fit="contain")
    assert "object-fit:contain" in page.pictures["reference"][0]["style"]
    assert "--fit contain" in page.cell()
    page.type(model="openai/sora-2")  # that one wants its own size to the pixel
    assert [words for _, words in page.part("Fit")["pills"]] == ["Fill the frame", "Show all of it"]


def test_a_cell_with_the_kept_picture_is_the_same_request() -> None:
    page = Page(SMALL)
    page.upload("square.png", picture((200, 200)))
    page.until(lambda: page.pictures["reference"])
    page.type(fit="cover")
    (take,) = page.made()
    word = next(Path("soravid_media").glob("square-*.png"))
    job = session.generate(
        KITE, seconds=1, size="320x180", input_reference=str(word), fit="cover", reuse=True
    )
    assert job.wait().job_id == take.clip["id"]


def test_an_earlier_clip_is_gone_on_from() -> None:
    page = Page()
    (take,) = page.made()
    page.say("look")
    assert page.earlier[0][0] == take.clip["id"]
    page.say("clip", slot="reference", clip=take.clip["id"])
    page.until(lambda: page.pictures["reference"])
    assert page.pictures["reference"][0]["name"].endswith(".png")
    assert page.pictures["reference"][0]["facts"] == "320x180"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("notes.txt", b"not a picture", "must be a PNG, JPEG or WebP; notes.txt is none of them"),
        ("huge.png", b"x" * (20 * 1024 * 1024 + 1), "has more than 20 MiB"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(name: str, data: bytes, words: str, place: Path) -> None:
    page = Page()
    page.upload(name, data)
    page.until(lambda: any(words in each.get("words", each.get("error", "")) for each in page.heard))
    assert page.pictures["reference"] == []
    assert not (place / "soravid_media").exists()


def test_a_piece_that_is_lost_is_noticed() -> None:
    page = Page()
    file = {"id": "u1", "slot": "reference", "name": "a.png", "size": 6}
    assert "error" not in page.answer("upload", [b"ab"], **file, at=0)
    why = "Nothing was sent: The file did not arrive whole. Choose it again."
    assert page.answer("upload", [b"ef"], **file, at=4)["error"] == why


# --- how it is opened ---------------------------------------------------------------------------------


def test_presets_are_named_as_for_generate(place: Path) -> None:
    (place / "photo.png").write_bytes(picture())
    args = args_of(
        {
            "model": "local/animatic",
            "seconds": 2.0,
            "aspect_ratio": "9:16",
            "input_reference": place / "photo.png",
            "references": [Image.new("RGB", (8, 8))],
            "negative_prompt": "text",
            "fallbacks": ["local/animatic"],
            "max_cost": "0.50",
            "extra_body": {"pace": "3"},
            "takes": 2,
        }
    )
    assert (args.seconds, args.aspect, args.takes, args.negative) == ("2", "9:16", 2, "text")
    assert (args.reference, args.fallback, args.max_cost) == (
        str(place / "photo.png"),
        "local/animatic",
        "0.5",
    )
    assert args.param == ["pace=3"]
    assert Path(args.also[0]).is_file()


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ({"secnds": 2}, "form() has no argument 'secnds'. Did you mean seconds"),
        ({"seconds": 90}, "local/animatic takes seconds of 1 to 60, not 90."),
        ({"size": "wide"}, "size must be WIDTHxHEIGHT"),
        ({"takes": 0}, "--takes must be 1 to 20, not 0."),
        ({"takes": "2"}, "takes must be a whole number, not '2'."),
        ({"audio": "yes"}, "audio must be True or False"),
        ({"aspect_ratio": "wide"}, "aspect_ratio must be W:H such as 16:9"),
        ({"input_reference": 7}, "input_reference takes a path"),
        ({"extra_body": {"pace": 3}}, "extra_body of a form holds names and texts"),
        ({"remix": "job_1234", "extend": "job_1234"}, "exclude each other"),
    ],
)
def test_a_preset_that_cannot_be_is_said_at_once(preset: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        form(KITE, **preset)
    assert words in str(caught.value)
    assert isinstance(caught.value, UnknownKeyword) == ("secnds" in preset)


def test_in_a_terminal_it_is_a_table_with_the_price_and_the_cell() -> None:
    session.budget(1)
    said = str(form(KITE, seconds=2, takes=2))
    assert "$0.40 for 2 takes" in said
    assert "$1.00 of $1.00 left" in said
    assert f"%%video -m local/animatic -s 2 -z 1280x720 -n 2 {KITE}" in said


def test_the_magic_opens_a_form_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(place / "ipython"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    shell.run_line_magic("load_ext", "soravid")
    for cell in ("%config VideoMagics.seconds = '2'", f"%video form {KITE}", f"%%video --form -n 2\n{KITE}"):
        shell.run_cell(cell)  # type: ignore[no-untyped-call]
    shell.run_line_magic("unload_ext", "soravid")
    InteractiveShell.clear_instance()
    said = capsys.readouterr().out
    assert f"%%video -m local/animatic -s 2 -z 1280x720 {KITE}" in said
    assert f"%%video -m local/animatic -s 2 -z 1280x720 -n 2 {KITE}" in said
    assert session.jobs() == []


def test_the_words_of_a_line_stand_for_variables() -> None:
    page = Page(f"-r photo {SMALL}", photo=Image.new("RGB", (320, 180), "red"))
    page.until(lambda: page.pictures["reference"])
    assert page.pictures["reference"][0]["facts"] == "320x180"
    assert "-r photo" in page.cell()

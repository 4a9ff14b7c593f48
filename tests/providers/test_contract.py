"""What holds for every provider, driven through the whole pipeline against its fake."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import errors, planning, settings
from soravid.ledger import JobRow
from soravid.providers import provider_class
from tests.core.helpers import jobs, kinds, query, until
from tests.fakes.cdn import CDNFake
from tests.fakes.jobs import FakeJob, JobFake
from tests.fakes.recorder import Recorded
from tests.providers.cases import KEY, Case

PROMPT = "a red kite"


def make(case: Case, prompt: str = PROMPT, **more: Any) -> soravid.Job:
    return soravid.generate(prompt, model=case.model, seconds=case.seconds, size=case.size, **more)


def creates(fake: JobFake, case: Case) -> list[Recorded]:
    """The billable requests that arrived."""
    return [call for call in fake.asked("POST") if case.creates in call.path]


def only(fake: JobFake) -> FakeJob:
    (job,) = fake.jobs.values()
    return job


def row_of(job: soravid.Job) -> JobRow:
    return planning.current().journal.get(job.id)


def usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def body_of(call: Recorded) -> dict[str, Any]:
    """The fields of a create, with a mark where a picture's bytes stand; files of a form are marks, too."""
    text = json.dumps(call.fields)
    text = re.sub(r'"(data:image/[a-z]+;base64,)?[A-Za-z0-9+/=]{200,}"', '"<picture>"', text)
    return {**json.loads(text), **dict.fromkeys(call.files, "<picture>")}


# --- a clip ---


def test_a_clip_is_made_watched_settled_and_stored(case: Case, served: JobFake, home: Path) -> None:
    clip = make(case).wait()
    assert clip.path.read_bytes() == served.bytes_of(only(served).id)
    assert (served.creates, len(creates(served, case))) == (1, 1)
    assert clip.cost == usd(case.cost)
    held, spent = query(home, "SELECT kind, amount FROM entries ORDER BY id")[:2]
    assert (held["kind"], spent["kind"]) == ("hold", "spend")
    assert held["amount"] is None or held["amount"] >= spent["amount"]


def test_the_create_says_what_was_asked_for(case: Case, served: JobFake) -> None:
    make(case).wait()
    assert body_of(creates(served, case)[0]) == case.body


def test_every_further_argument_reaches_the_wire(case: Case, served: JobFake, picture: Path) -> None:
    if not case.full:
        pytest.fail("the case says nothing of its further arguments")
    text = json.dumps(case.full).replace('"picture"', json.dumps(str(picture)))
    make(case, **json.loads(text)).wait()
    assert body_of(creates(served, case)[0]) == merge(dict(case.body), case.full_body)


def merge(base: dict[str, Any], more: Any) -> dict[str, Any]:
    """Lay one object over another; where a value is None the field is gone."""
    for name, value in more.items():
        mine = base.get(name)
        base[name] = merge(dict(mine), value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return {name: value for name, value in base.items() if value is not None}


def test_an_estimate_holds_the_actual_cost(case: Case, served: JobFake) -> None:
    estimate = soravid.estimate(PROMPT, model=case.model, seconds=case.seconds, size=case.size)
    cost = make(case).wait().cost
    if cost is None:
        assert estimate.usd is None
    else:
        assert estimate.low is not None
        assert estimate.upper is not None
        assert estimate.low <= cost <= estimate.upper


def test_a_running_job_is_found_again_by_another_process(case: Case, served: JobFake) -> None:
    video = soravid.video_generation(PROMPT, case.model, seconds=case.seconds, size=case.size)
    planning.pipeline.cache_clear()
    assert soravid.video_status(video.id).status in {"queued", "processing", "completed"}
    assert soravid.find_job(video.id).wait().path.exists()


# --- what goes wrong at create ---


@contextmanager
def void(home: Path) -> Iterator[None]:
    """Afterwards the money is back."""
    yield
    assert kinds(home) == ["hold", "void"]
    assert jobs(home)[0]["cost"] == 0


def test_a_refused_prompt_costs_nothing(case: Case, served: JobFake, home: Path) -> None:
    with void(home), pytest.raises(errors.Refused) as caught:
        make(case, "[refuse]").wait()
    assert (caught.value.code, served.creates) == ("moderation_blocked", 0)
    assert caught.value.provider_code


def test_a_rate_limit_tells_the_wait_and_is_not_sent_again(case: Case, served: JobFake, home: Path) -> None:
    served.retry_after = "7"
    with void(home), pytest.raises(errors.RateLimited) as caught:
        make(case, "[429]").wait()
    assert (caught.value.retry_after, len(creates(served, case))) == (7.0, 1)


@pytest.mark.parametrize("trigger", ["[lost]", "[500]", "[slow]"])
def test_a_create_whose_answer_is_lost_is_sent_once(
    case: Case, served: JobFake, home: Path, trigger: str
) -> None:
    served.slow_seconds = 5.0
    job = make(case, trigger, timeout=1.0)
    if case.finds_lost and trigger != "[500]":
        assert job.wait().path.exists()
        assert kinds(home) == ["hold", "spend"]
    else:
        with pytest.raises(errors.OutcomeUnknown):
            job.wait()
        row = row_of(job)
        assert (row.status, kinds(home)) == ("unknown", ["hold"])
        assert row.held == planning.current().journal.spend().held or row.held is None
    assert len(creates(served, case)) == 1


def test_a_wrong_key_is_told_without_the_key(
    case: Case, served: JobFake, home: Path, logs: pytest.LogCaptureFixture
) -> None:
    if not case.key_variable:
        served.api_key = "another"
        return
    served.api_key = "another"
    with void(home), pytest.raises(errors.AuthenticationFailed) as caught:
        make(case).wait()
    assert case.key_variable in str(caught.value)
    assert KEY not in f"{caught.value!r} {logs.text}"


def test_a_missing_key_is_told_before_anything_is_sent(
    case: Case, served: JobFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not case.key_variable:
        assert not provider_class(case.model.partition("/")[0]).profile.key_required
        return
    monkeypatch.delenv(case.key_variable)
    with pytest.raises(errors.MissingKey, match=case.key_variable):
        make(case)
    assert served.requests == []


def test_a_model_that_is_gone_is_told(case: Case, served: JobFake, home: Path) -> None:
    served.retired = True
    with void(home), pytest.raises(errors.ProviderError) as caught:
        make(case).wait()
    assert caught.value.status_code in {400, 404, 410}
    assert caught.value.message


# --- what goes wrong later ---


def test_a_clip_refused_at_the_end_is_settled(case: Case, served: JobFake, home: Path) -> None:
    job = make(case, "[moderation]")
    with pytest.raises(errors.Refused) as caught:
        job.wait()
    assert caught.value.provider_code
    row = row_of(job)
    assert (row.status, row.error and row.error["code"]) == ("failed", "moderation_blocked")
    assert row.cost == int(Decimal(case.refusal_cost) * 10**9)
    assert kinds(home) == ["hold", "spend" if row.cost else "void"]


def test_another_failure_is_no_refusal(case: Case, served: JobFake) -> None:
    with pytest.raises(errors.GenerationFailed) as caught:
        make(case, "[error]").wait()
    assert caught.value.message


def test_faults_of_the_status_are_waited_out(case: Case, served: JobFake) -> None:
    assert make(case, "[flaky]").wait().path.exists()
    assert served.creates == 1


def test_an_unknown_id_is_not_found(case: Case, served: JobFake) -> None:
    with pytest.raises(errors.NotFound):
        soravid.video_status(served.new_id(), model=case.model)


def test_a_cut_download_goes_on(case: Case, served: JobFake) -> None:
    clip = make(case, "[cut]").wait()
    assert clip.path.read_bytes() == served.bytes_of(only(served).id)


def test_a_clip_that_is_gone_is_told_as_expired(case: Case, served: JobFake) -> None:
    with pytest.raises(errors.Expired) as caught:
        make(case, "[gone]").wait()
    assert caught.value.code == "content_expired"


def test_credentials_do_not_follow_a_redirect(case: Case, served: JobFake, cdn: CDNFake) -> None:
    assert make(case, "[redirect]").wait().path.exists()
    assert cdn.requests
    assert cdn.credentials == {}


def test_public_links_are_asked_without_a_key_and_anew_when_they_have_ended(
    case: Case, served: JobFake
) -> None:
    assert make(case, "[stale]").wait().path.exists()
    for call in served.media_calls:
        assert KEY not in json.dumps(call.headers)


def test_a_job_is_stopped_or_it_is_said_that_it_cannot_be(case: Case, served: JobFake, home: Path) -> None:
    served.polls_to_finish = 10**6
    job = make(case)
    if case.cancels:
        if billed := provider_class(case.model.partition("/")[0]).profile.bills_stopped_runs:
            until(lambda: job.status == "in_progress")  # what still waits in a queue costs nothing
        job.cancel()
        assert (job.status, kinds(home)) == ("cancelled", ["hold", "spend" if billed else "void"])
    else:
        with pytest.raises(errors.UnsupportedOperation):
            job.cancel()
        assert job.status != "cancelled"


def test_a_still_is_made_where_the_provider_has_none(case: Case, served: JobFake) -> None:
    video = soravid.video_generation(PROMPT, case.model, seconds=case.seconds, size=case.size)
    served.jobs[only(served).id].finish()
    soravid.video_status(video.id)
    for variant, start in (("thumbnail", b"RIFF"), ("spritesheet", b"\xff\xd8")):
        assert soravid.video_content(video.id, variant=variant)[: len(start)] == start


# --- secrets ---


def test_no_key_and_no_picture_is_written_or_shown(
    case: Case, served: JobFake, home: Path, picture: Path, logs: pytest.LogCaptureFixture
) -> None:
    pictured = {name: value for name, value in case.full.items() if name == "input_reference"}
    job = make(case, **dict.fromkeys(pictured, str(picture)))
    job.wait()
    provider = planning.current().accounts.provider_of(row_of(job))
    shown = f"{job!r} {job.view!r} {provider.deployment!r} {soravid.doctor()} {logs.text}"
    disk = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    secrets = [KEY, "signature="]
    if pictured:
        secrets.append(base64.b64encode(picture.read_bytes())[100:160].decode())
    for secret in secrets:
        assert secret not in shown
        assert secret.encode() not in disk
    assert settings.has_key(provider.profile)

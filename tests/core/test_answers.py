"""What is made of a provider's answers, good and bad."""

from __future__ import annotations

from typing import Any

import pytest

from soravid.errors import (
    AuthenticationFailed,
    BadRequest,
    InsufficientCredits,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    ServerError,
    UnsupportedOperation,
)
from tests.core.flows import KEY, VIDEO, answered, provider, wanted


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (401, AuthenticationFailed),
        (402, InsufficientCredits),
        (403, AuthenticationFailed),
        (404, NotFound),
        (409, BadRequest),
        (410, NotFound),
        (413, BadRequest),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
        (529, ServerError),
        (301, ProviderError),
    ],
)
def test_a_status_has_its_exception(status: int, error: type[ProviderError]) -> None:
    with pytest.raises(error) as caught:
        answered(provider().create(wanted()), status, {"error": {"message": "No.", "code": "c"}})
    assert (caught.value.message, caught.value.status_code, caught.value.provider_code) == (
        "No.",
        status,
        "c",
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("moderation_blocked", Refused),
        ("content_filter", Refused),
        ("ContentFilter", Refused),
        ("content_policy_violation", Refused),
        ("insufficient_quota", InsufficientCredits),
    ],
)
def test_a_code_says_more_than_its_status(code: str, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        answered(provider().create(wanted()), 400, {"error": {"message": "No.", "code": code}})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "Plain.", "param": "size"}}, "Plain."),
        ({"error": "Just text."}, "Just text."),
        ({"detail": "FastAPI's."}, "FastAPI's."),
        (
            {"detail": [{"loc": ["body"], "msg": "field required"}, {"msg": "too long"}]},
            "field required; too long",
        ),
        (b"Bad gateway", "Bad gateway"),
        (b"<html><body>nginx</body></html>", "HTTP 502"),
        (b"", "HTTP 502"),
        ([], "HTTP 502"),
        ({"error": None}, "HTTP 502"),
        ({"error": {"message": None}}, "HTTP 502"),
    ],
    ids=str,
)
def test_an_error_is_told_in_the_server_s_words_if_it_has_any(body: Any, words: str) -> None:
    with pytest.raises(ServerError) as caught:
        answered(provider().create(wanted()), 502, body)
    assert words in str(caught.value)
    assert "<html>" not in str(caught.value)


def test_a_message_that_repeats_the_key_does_not_pass_it_on() -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        answered(
            provider().create(wanted()), 401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}
        )
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", [], {"id": 5}, {"object": "video"}, "queued", None], ids=str
)
def test_an_answer_that_is_no_video_is_the_server_s_fault(body: Any) -> None:
    with pytest.raises(ServerError, match="not a video"):
        answered(provider().create(wanted()), 200, b"null" if body is None else body)


def test_a_failed_job_under_an_error_status_is_an_answer() -> None:
    body = VIDEO | {"status": "failed", "error": {"code": 500, "message": "out of memory"}}
    video = answered(provider().retrieve("video_1"), 500, body)
    assert (video.status, video.error.code) == ("failed", "500")


def test_a_video_object_under_an_error_status_does_not_make_a_create_good() -> None:
    with pytest.raises(ServerError):
        answered(provider().create(wanted()), 500, VIDEO)


@pytest.mark.parametrize("field", ["url", "urls", "file_path", "file_paths"])
def test_links_and_paths_of_the_server_are_dropped(field: str) -> None:
    video = answered(provider().retrieve("video_1"), 200, VIDEO | {field: "https://x/?signature=canary"})
    assert "canary" not in repr(video) + video.model_dump_json()


def test_numbers_are_read_as_the_vocabulary_has_them() -> None:
    body = VIDEO | {"seconds": 8, "progress": 41.6, "created_at": 1712697600.7, "status": "SUCCEEDED"}
    video = answered(provider().retrieve("video_1"), 200, body)
    assert (video.seconds, video.progress, video.created_at, video.status) == (
        "8",
        42,
        1712697601,
        "completed",
    )


def test_a_server_that_does_not_stop_a_running_job_is_told_as_that() -> None:
    with pytest.raises(UnsupportedOperation, match="does not stop"):
        answered(provider().cancel("video_1"), 400, {"error": {"message": "Only a completed ..."}})


def test_a_list_without_data_is_the_server_s_fault() -> None:
    with pytest.raises(ServerError, match="no data"):
        answered(provider().list(), 200, {"object": "list"})

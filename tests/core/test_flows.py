"""What a provider would send: the method, the address, the headers and the order of the parts."""

from __future__ import annotations

from typing import Any

import pytest

from soravid.errors import InvalidRequest
from soravid.providers.azure import Azure
from tests.core.flows import BASE, KEY, PNG, asked, parts, provider, wanted

# --- what is sent ---


def test_a_create_is_one_billable_form() -> None:
    request = asked(provider().create(wanted(seconds="8", size="1280x720"), idempotency_key="job_1"))
    assert (request.method, request.url, request.params, request.billable) == (
        "POST",
        f"{BASE}/videos",
        {},
        True,
    )
    assert request.headers == {"authorization": f"Bearer {KEY}", "idempotency-key": "job_1"}
    assert request.json is None


def test_the_parts_of_a_create_stand_in_the_order_of_the_official_client() -> None:
    request = asked(provider().create(wanted(seconds="8", size="1280x720", input_reference=PNG)))
    assert parts(request) == [
        ("prompt", "a kite"),
        ("input_reference", PNG.data),
        ("model", "sora-2"),
        ("seconds", "8"),
        ("size", "1280x720"),
    ]
    assert request.files[1] == ("input_reference", ("cat.png", PNG.data, "image/png"))


def test_what_was_not_said_is_not_sent() -> None:
    assert parts(asked(provider().create(wanted()))) == [("prompt", "a kite"), ("model", "sora-2")]


def test_fields_of_ones_own_go_as_text_and_nested_ones_as_json() -> None:
    request = asked(provider().create(wanted(extra_body={"fps": 24, "lora": {"scale": 0.5}, "tag": "x"})))
    assert dict(parts(request)) == {
        "prompt": "a kite",
        "model": "sora-2",
        "fps": "24",
        "lora": '{"scale": 0.5}',
        "tag": "x",
    }


def test_a_remix_is_a_prompt_to_the_path_of_its_source() -> None:
    request = asked(provider().create(wanted(operation="remix", source_id="video_1")))
    assert (request.url, request.json) == (f"{BASE}/videos/video_1/remix", {"prompt": "a kite"})
    assert request.billable


@pytest.mark.parametrize(
    ("operation", "path", "more"), [("edit", "edits", {}), ("extend", "extensions", {"seconds": "8"})]
)
def test_an_edit_and_an_extension_name_their_source_in_the_body(
    operation: Any, path: str, more: dict[str, str]
) -> None:
    request = asked(provider().create(wanted(operation=operation, source_id="video_1", **more)))
    assert request.url == f"{BASE}/videos/{path}"
    assert request.json == {"prompt": "a kite", "video": {"id": "video_1"}, **more}


@pytest.mark.parametrize("video_id", ["a/b", "../models", "a?b=c", "a#b", "a b", "é"])
def test_an_id_stays_one_step_of_the_path(video_id: str) -> None:
    for flow in (provider().retrieve(video_id), provider().delete(video_id)):
        path = asked(flow).url.removeprefix(f"{BASE}/videos/")
        assert not set(path) & set("/?# ")


def test_an_id_of_dots_does_not_leave_the_videos() -> None:
    with pytest.raises(InvalidRequest, match=r"'\.\.' is no video's id"):
        asked(provider().delete(".."))


def test_status_and_delete_are_free_and_content_is_only_an_address() -> None:
    status, delete = asked(provider().retrieve("video_1")), asked(provider().delete("video_1"))
    assert [(status.method, status.url), (delete.method, delete.url)] == [
        ("GET", f"{BASE}/videos/video_1"),
        ("DELETE", f"{BASE}/videos/video_1"),
    ]
    assert (status.billable, delete.billable) == (False, False)
    with pytest.raises(StopIteration) as end:
        next(provider().content("video_1", "thumbnail"))
    assert end.value.value.url == f"{BASE}/videos/video_1/content"
    assert end.value.value.params == {"variant": "thumbnail"}


def test_a_page_is_asked_for_with_what_was_said_only() -> None:
    assert asked(provider().list()).params == {}
    request = asked(provider().list(after="video_1", limit=2, order="asc"))
    assert (request.url, request.params) == (
        f"{BASE}/videos",
        {"after": "video_1", "limit": "2", "order": "asc"},
    )


# --- Azure ---

RESOURCE = "https://resource.example"


@pytest.mark.parametrize(
    ("base", "path"),
    [
        (RESOURCE, "/openai/v1/videos/video_1"),
        (f"{RESOURCE}/openai", "/openai/videos/video_1"),
        (f"{RESOURCE}/openai/v1", "/openai/v1/videos/video_1"),
    ],
)
def test_azure_has_its_own_path_and_the_query_behind_it(base: str, path: str) -> None:
    request = asked(provider(Azure, base, api_version="2024-02-15-preview").retrieve("video_1"))
    assert request.url == RESOURCE + path
    assert request.params == {"api-version": "2024-02-15-preview"}


def test_azure_takes_the_key_in_a_header_of_its_own() -> None:
    request = asked(provider(Azure, RESOURCE).create(wanted()))
    assert request.headers == {"api-key": KEY}
    assert request.params == {}


def test_azure_takes_an_entra_token_as_bearer() -> None:
    request = asked(provider(Azure, RESOURCE, api_key=None, bearer="entra").create(wanted()))
    assert request.headers == {"authorization": "Bearer entra"}


def test_the_version_is_kept_beside_other_parameters() -> None:
    request = asked(provider(Azure, RESOURCE, api_version="preview").list(limit=2))
    assert request.params == {"api-version": "preview", "limit": "2"}

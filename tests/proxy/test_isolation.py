"""A clip is its key's: for any other key it is not there, whatever is asked of it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.proxy.conftest import Shared
from tests.proxy.operated import MODEL, good


@pytest.fixture(scope="module")
def owner(shared: Shared) -> httpx2.Client:
    return shared.key()


@pytest.fixture(scope="module")
def clip(shared: Shared, owner: httpx2.Client) -> str:
    """A finished clip of the owner's."""
    video_id = shared.proxy.make(owner, "A lighthouse")
    assert shared.proxy.ended(owner, video_id)["status"] == "completed"
    return video_id


ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v1/videos/{id}", {}),
    ("HEAD", "/v1/videos/{id}", {}),
    ("GET", "/videos/{id}", {}),
    ("DELETE", "/v1/videos/{id}", {}),
    ("GET", "/v1/videos/{id}/content", {}),
    ("HEAD", "/v1/videos/{id}/content", {}),
    ("GET", "/v1/videos/{id}/content?variant=thumbnail", {}),
    ("GET", "/v1/videos/{id}/content?variant=spritesheet", {}),
    ("GET", "/v1/videos?after={id}", {}),
    ("POST", "/v1/videos/{id}/remix", {"prompt": "at night"}),
    ("POST", "/v1/videos/edits", {"prompt": "at night", "video": {"id": "{id}"}}),
    ("POST", "/v1/videos/extensions", {"prompt": "go on", "seconds": "4", "video": {"id": "{id}"}}),
    ("POST", "/videos/status", {"video_id": "{id}", "model": MODEL}),
    ("POST", "/videos/retrieval", {"video_id": "{id}", "model": MODEL}),
    ("POST", "/videos/remix", {"video_id": "{id}", "model": MODEL, "prompt": "at night"}),
]


def ask(
    client: httpx2.Client, method: str, path: str, body: dict[str, Any], video_id: str
) -> httpx2.Response:
    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: put(part) for name, part in value.items()}
        return value.replace("{id}", video_id)

    return client.request(method, put(path), json=put(body) or None)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_another_key_finds_nothing(
    shared: Shared, clip: str, method: str, path: str, body: dict[str, Any]
) -> None:
    stranger = shared.key()
    theirs = ask(stranger, method, path, body, clip)
    nobodys = ask(stranger, method, path, body, clip[:-1] + ("0" if clip[-1] != "0" else "1"))
    assert theirs.status_code == nobodys.status_code == 404
    # Not even that there is one can be told from the answer.
    assert theirs.text.replace(clip, "") == nobodys.text.replace(nobodys_id(nobodys, clip), "")


def nobodys_id(answer: httpx2.Response, clip: str) -> str:
    return clip[:-1] + ("0" if clip[-1] != "0" else "1")


def test_its_own_key_finds_it_on_every_route(shared: Shared, owner: httpx2.Client) -> None:
    for method, path, body in ROUTES:
        video_id = shared.proxy.make(owner, "A lighthouse")
        shared.proxy.ended(owner, video_id)
        assert ask(owner, method, path, body, video_id).status_code == 200, f"{method} {path}"


def test_a_list_holds_one_s_own_clips_only(shared: Shared, clip: str, owner: httpx2.Client) -> None:
    stranger = shared.key()
    own = shared.proxy.make(stranger, "A windmill")
    assert [video["id"] for video in good(stranger.get("/v1/videos"))["data"]] == [own]
    theirs = [video["id"] for video in good(owner.get("/v1/videos?limit=100"))["data"]]
    assert clip in theirs
    assert own not in theirs


def test_the_master_key_sees_all(shared: Shared, clip: str) -> None:
    master = shared.proxy.master
    assert good(master.get(f"/v1/videos/{clip}"))["id"] == clip
    everybodys = good(master.get("/v1/videos?limit=100"))["data"]
    assert clip in {video["id"] for video in everybodys}


def test_an_idempotency_key_is_one_s_own(shared: Shared) -> None:
    """The same key from two people makes two clips: nobody is handed somebody else's."""
    one, other = shared.key(), shared.key()
    body, headers = {"model": MODEL, "prompt": "A ferry"}, {"idempotency-key": "take-1"}
    first = good(one.post("/v1/videos", json=body, headers=headers))["id"]
    second = good(other.post("/v1/videos", json=body, headers=headers))["id"]
    again = good(one.post("/v1/videos", json=body, headers=headers))["id"]
    assert first == again != second
    assert shared.creates("A ferry") == 2


@pytest.mark.parametrize("shares", [True, False])
def test_a_team_s_members_see_each_other_s_clips_if_it_says_so(shared: Shared, shares: bool) -> None:
    team = good(shared.proxy.master.post("/team/new", json={"shares_clips": shares}))["team_id"]
    one, other = shared.key(team_id=team), shared.key(team_id=team)
    clip = shared.proxy.make(one, "A balloon")
    shared.proxy.ended(one, clip)
    status = 200 if shares else 404
    assert other.get(f"/v1/videos/{clip}").status_code == status
    assert other.get(f"/v1/videos/{clip}/content").status_code == status
    assert other.post(f"/v1/videos/{clip}/remix", json={"prompt": "at night"}).status_code == status
    assert (clip in {video["id"] for video in good(other.get("/v1/videos"))["data"]}) is shares
    assert shared.key().get(f"/v1/videos/{clip}").status_code == 404


def test_an_id_tells_nothing_of_the_provider_s_and_is_not_to_be_guessed(shared: Shared, clip: str) -> None:
    assert clip not in shared.fake.videos
    name, random = clip.removeprefix("video_")[:16], clip[-32:]
    owner_of_another = shared.key()
    another = shared.proxy.make(owner_of_another, "A barn")
    assert another.removeprefix("video_")[:16] != name
    assert another[-32:] != random
    # The journal's id alone, or with another's random part, opens nothing.
    for guess in (f"job_{name}", f"video_{name}", f"video_{name}{another[-32:]}"):
        assert owner_of_another.get(f"/v1/videos/{guess}").status_code == 404
        assert shared.proxy.client(shared.proxy.key()["key"]).get(f"/v1/videos/{guess}").status_code == 404

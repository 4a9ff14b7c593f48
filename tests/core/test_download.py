"""A clip arrives whole or not at all, whatever happens on the way, and no credential goes astray."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

import soravid
from soravid.errors import DownloadFailed, NotFound
from tests.core.helpers import KEY, MODEL, fake_process, python
from tests.fakes.cdn import CDNFake
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

pytestmark = pytest.mark.usefixtures("connections")


def finished(fake: OpenAIFake, prompt: str = "a kite", model: str = MODEL) -> str:
    """The id of a video that can be downloaded."""
    video = soravid.video_generation(prompt, model)
    fake.finish(video.id)
    return video.id


def leftovers() -> list[Path]:
    return [path for path in Path().rglob("*") if path.name.endswith(".part")]


# --- it breaks off ---


def test_a_body_that_breaks_off_is_resumed_where_it_stopped(openai: OpenAIFake) -> None:
    openai.content_size = 1_000_000
    video_id = finished(openai, "a kite [cut]")
    assert soravid.video_retrieval(video_id) == openai.bytes_of(video_id)
    first, second = openai.asked("GET", "/content")
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=500000-"
    assert second.headers["if-range"] == f'"{video_id}-1000000"'


def test_a_server_without_ranges_is_asked_for_the_whole_again(openai: OpenAIFake) -> None:
    openai.ranges = False
    openai.content_size = 300_000
    video_id = finished(openai, "a kite [cut]")
    assert soravid.video_retrieval(video_id) == openai.bytes_of(video_id)


def test_a_clip_that_has_changed_meanwhile_is_not_patched_together(openai: OpenAIFake) -> None:
    openai.content_size = 300_000
    video_id = finished(openai, "a kite [cut]")
    sizes = iter([300_000, 200_000, 200_000])
    media = openai._media

    def changing(video: object) -> object:
        openai.content_size = next(sizes)
        return media(video)  # type: ignore[arg-type]

    openai._media = changing  # type: ignore[assignment, method-assign]
    data = soravid.video_retrieval(video_id)
    openai._media = media  # type: ignore[method-assign]
    openai.content_size = 200_000
    assert data == openai.bytes_of(video_id)


def test_a_body_that_always_breaks_off_is_given_up_without_a_trace(openai: OpenAIFake) -> None:
    openai.cuts, openai.ranges = 99, False
    video_id = finished(openai, "a kite [cut]")
    with pytest.raises(DownloadFailed, match=r"stopped arriving after \d+ of \d+ bytes.*resume"):
        soravid.video_retrieval(video_id, file="kite.mp4")
    assert list(Path().iterdir()) == []


# --- it is sent elsewhere ---


@pytest.fixture
def cdn() -> CDNFake:
    return CDNFake()


@pytest.fixture
def elsewhere(cdn: CDNFake, fake: OpenAIFake) -> Iterator[CDNFake]:
    with serve(cdn) as address:
        fake.cdn_url = address
        yield cdn


@pytest.mark.parametrize("surface", ["openai", "azure"])
def test_a_redirect_to_another_host_takes_no_credential_along(
    surface: str,
    openai: OpenAIFake,
    azure: OpenAIFake,
    elsewhere: CDNFake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "preview")
    video_id = finished(openai, "a kite [redirect]", f"{surface}/sora-2")
    assert soravid.video_retrieval(video_id) == openai.bytes_of(video_id)
    (call,) = elsewhere.requests
    assert elsewhere.credentials == {}
    assert KEY not in repr(call.headers)
    assert set(call.query) == {"signature"}


def test_headers_of_ones_own_do_not_follow_a_redirect(openai: OpenAIFake, elsewhere: CDNFake) -> None:
    video_id = finished(openai, "a kite [redirect]")
    soravid.video_retrieval(video_id, extra_headers={"x-gateway-key": "canary"})
    assert openai.asked("GET", "/content")[0].headers["x-gateway-key"] == "canary"
    assert "canary" not in repr(elsewhere.requests[0].headers)


def test_a_redirect_to_a_file_is_not_followed(openai: OpenAIFake) -> None:
    openai.cdn_url = "file:///etc/passwd#"
    with pytest.raises(DownloadFailed, match="not http"):
        soravid.video_retrieval(finished(openai, "a kite [redirect]"))


def test_a_redirect_in_circles_ends(openai: OpenAIFake, url: str) -> None:
    video_id = finished(openai, "a kite [redirect]")
    openai.cdn_url = f"{url}/v1/videos/{video_id}/content?x="
    with pytest.raises(DownloadFailed, match="in circles"):
        soravid.video_retrieval(video_id)


# --- it is something else ---


def test_a_page_instead_of_a_video_is_refused(openai: OpenAIFake) -> None:
    Path("kite.mp4").write_bytes(b"an older clip")
    with pytest.raises(DownloadFailed, match=r"not a video.*text/html"):
        soravid.video_retrieval(finished(openai, "a kite [notvideo]"), file="kite.mp4")
    assert Path("kite.mp4").read_bytes() == b"an older clip"
    assert leftovers() == []


def test_a_clip_that_is_not_ready_is_not_found(openai: OpenAIFake) -> None:
    video = soravid.video_generation("a kite", MODEL)
    with pytest.raises(NotFound, match="not ready"):
        soravid.video_retrieval(video.id, file="kite.mp4")
    assert list(Path().iterdir()) == []


def test_a_clip_that_has_expired_is_not_found(openai: OpenAIFake) -> None:
    video_id = finished(openai)
    openai.advance(7_200)
    with pytest.raises(NotFound, match=video_id):
        soravid.video_retrieval(video_id)


@pytest.mark.parametrize(("variant", "head"), [("thumbnail", b"RIFF"), ("spritesheet", b"\xff\xd8\xff")])
def test_a_variant_is_a_picture(openai: OpenAIFake, variant: str, head: bytes) -> None:
    data = soravid.video_retrieval(finished(openai), variant=variant)
    assert data
    assert data.startswith(head)
    assert openai.requests[-1].query == {"variant": variant}


def test_the_clip_itself_is_asked_for_without_a_variant(openai: OpenAIFake) -> None:
    soravid.video_retrieval(finished(openai))
    assert openai.requests[-1].query == {}


# --- where it goes ---


def test_a_path_gets_the_clip_and_nothing_is_returned(openai: OpenAIFake) -> None:
    video_id = finished(openai)
    target = Path("clips/of today/kite.mp4")
    assert soravid.video_retrieval(video_id, file=target) is None
    assert target.read_bytes() == openai.bytes_of(video_id)
    assert leftovers() == []


def test_an_open_file_gets_the_clip_behind_what_it_holds(openai: OpenAIFake) -> None:
    video_id = finished(openai)
    buffer = io.BytesIO()
    buffer.write(b"before")
    soravid.Client().videos.download_content(video_id, file=buffer)
    assert buffer.getvalue() == b"before" + openai.bytes_of(video_id)


def test_a_folder_as_target_is_an_error_that_names_it(openai: OpenAIFake) -> None:
    Path("kite.mp4").mkdir()
    with pytest.raises(DownloadFailed, match=r"kite.mp4 cannot be written"):
        soravid.video_retrieval(finished(openai), file="kite.mp4")
    assert leftovers() == []


def test_a_target_below_a_file_is_an_error_that_names_it(openai: OpenAIFake) -> None:
    Path("clips").touch()
    with pytest.raises(DownloadFailed, match=r"clips/kite.mp4 cannot be written"):
        soravid.video_retrieval(finished(openai), file="clips/kite.mp4")


def test_a_disk_that_is_full_leaves_the_older_clip_and_no_part(openai: OpenAIFake, url: str) -> None:
    openai.content_size = 3_000_000
    video_id = finished(openai)
    said = python(
        """if True:
        import resource, signal, sys
        from pathlib import Path
        import soravid
        Path("kite.mp4").write_bytes(b"an older clip")
        soravid.spend()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        try:
            soravid.video_retrieval(sys.argv[1], "openai/sora-2", file="kite.mp4")
        except soravid.SoravidError as wrong:
            print(type(wrong).__name__, wrong)
        """,
        video_id,
    )
    assert said.startswith("DownloadFailed kite.mp4 cannot be written: File too large")
    assert Path("kite.mp4").read_bytes() == b"an older clip"
    assert leftovers() == []


def test_two_downloads_to_one_path_at_once_both_succeed(openai: OpenAIFake) -> None:
    openai.content_size = 8_000_000
    video_id = finished(openai)

    async def both() -> None:
        videos = soravid.AsyncClient().videos
        await asyncio.gather(*(videos.download_content(video_id, file="kite.mp4") for _ in range(2)))

    asyncio.run(both())
    assert Path("kite.mp4").read_bytes() == openai.bytes_of(video_id)
    assert leftovers() == []


def test_a_file_name_at_its_longest_is_taken(openai: OpenAIFake) -> None:
    name = "k" * 251 + ".mp4"
    soravid.video_retrieval(finished(openai), file=name)
    assert Path(name).is_file()


def test_two_hundred_mebibytes_cost_no_memory() -> None:
    with fake_process("--polls-to-finish", "1", "--content-size", str(200 * 2**20)) as address:
        grown = python(
            """if True:
            import resource
            from pathlib import Path
            import soravid
            model = "openai/sora-2"
            def fetch(file):
                video = soravid.video_generation("a kite", model)
                soravid.video_status(video.id)
                soravid.video_retrieval(video.id, variant=kind, file=file)
            kind = "thumbnail"
            fetch("warm.webp")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            kind = "video"
            fetch("kite.mp4")
            assert Path("kite.mp4").stat().st_size == 200 * 2**20
            print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
            """,
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=f"{address}/v1",
        )
    assert float(grown) < 10

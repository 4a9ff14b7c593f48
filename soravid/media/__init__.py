"""What is done to a finished clip. Files stay byte for byte what the provider sent; what is made is new."""

from soravid.media.frames import frame_at, frames_of
from soravid.media.joining import join_clips
from soravid.media.probe import ClipInfo, probe
from soravid.media.provenance import (
    CredentialsLost,
    Provenance,
    credentials_line,
    credentials_of,
    has_credentials,
)
from soravid.media.stills import last_frame, poster_of, smaller, thumbnail_of
from soravid.media.strips import filmstrip_of, spritesheet_of

__all__ = [
    "ClipInfo",
    "CredentialsLost",
    "Provenance",
    "credentials_line",
    "credentials_of",
    "filmstrip_of",
    "frame_at",
    "frames_of",
    "has_credentials",
    "join_clips",
    "last_frame",
    "poster_of",
    "probe",
    "smaller",
    "spritesheet_of",
    "thumbnail_of",
]

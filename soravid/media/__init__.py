"""What is done to a finished clip. Files stay byte for byte what the provider sent."""

from soravid.media.stills import last_frame, poster_of

__all__ = ["last_frame", "poster_of"]

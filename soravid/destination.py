"""Where a job's clip goes: the file or the folder that the caller named, else the clips' folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from soravid import settings
from soravid.clips import copied, free_path, names_folder
from soravid.ledger import JobRow
from soravid.media.links import notebook_dir


@dataclass(frozen=True, slots=True)
class Destination:
    """A place for one clip.

    Attributes:
        folder: absolute; used where there is no ``file``.
        file: absolute; None: a name is made of words of the prompt.
        within: absolute; a stored clip that lies under it already is left where it is.
    """

    folder: Path
    file: Path | None
    within: Path

    @classmethod
    def of(cls, out: str | os.PathLike[str] | None) -> Destination:
        """What a caller's path means; None: the clips' folder beside the notebook."""
        default = notebook_dir() / settings.media_dir()
        if out is None:
            return cls(default, None, default.parent)
        # Absolute from the start: the working folder may be another one by the time the clip is there.
        path = Path(out).expanduser().absolute()
        return cls(path, None, path) if names_folder(out) else cls(default, path, default)

    def path_for(self, row: JobRow) -> Path:
        """The file that a new clip is written to."""
        return self.file or free_path(self.folder, row.prompt, row.id)

    def bring(self, row: JobRow) -> Path:
        """A stored clip at this place: copied there, unless it is there.

        Raises:
            FileNotFoundError: it is not as it was stored.
        """
        stored = row.path
        if stored is None:
            raise FileNotFoundError(row.clip)
        if not self.file and stored.resolve().is_relative_to(self.within.resolve()):
            return stored
        return copied(stored, self.path_for(row))

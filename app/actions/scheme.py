"""Load schemes: those that are shipped in `schemes/`, and files that someone wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.domain.errors import FactsInvalid, Problem, SchemeInvalid, SchemeUnknown, WithProblems
from app.domain.grading import OrganisationFacts, parse_facts
from app.domain.scheme import Scheme, parse_scheme

SHIPPED = Path(__file__).resolve().parents[2] / "schemes"
BYTES_MOST = 1_000_000
REASONS: dict[type[OSError], str] = {
    FileNotFoundError: "没有这个文件",
    IsADirectoryError: "是一个文件夹",
    PermissionError: "没有读取的权限",
}


def list_shipped() -> tuple[Scheme, ...]:
    """All shipped schemes, by id. Raises SchemeInvalid if one of their files is broken."""
    return tuple(load_shipped(scheme_id) for scheme_id in sorted(_shipped_files()))


def shipped_ids() -> frozenset[str]:
    """The ids of the shipped schemes."""
    return frozenset(_shipped_files())


def load_shipped(scheme_id: str) -> Scheme:
    """One shipped scheme. Raises SchemeUnknown, SchemeInvalid."""
    return _load(_shipped_file(scheme_id))


def shipped_text(scheme_id: str) -> str:
    """The file of a shipped scheme as it stands, for a round to keep. Raises SchemeUnknown."""
    return _read_text(_shipped_file(scheme_id), SchemeInvalid)


def parse_file(path: str | Path) -> Scheme:
    """The scheme in a file. Raises SchemeInvalid, also for a file that cannot be read."""
    return parse_scheme(_read_text(Path(path), SchemeInvalid), str(path))


def facts_from_file(scheme: Scheme, path: str | Path) -> tuple[Scheme, OrganisationFacts]:
    """Facts in a JSON file, and the scheme with the ladder they choose. Raises FactsInvalid."""
    return parse_facts(scheme, _read_text(Path(path), FactsInvalid), str(path))


def _shipped_files() -> dict[str, Path]:
    return {path.stem: path for path in SHIPPED.glob("*.toml")}


def _shipped_file(scheme_id: str) -> Path:
    files = _shipped_files()
    if scheme_id not in files:
        raise SchemeUnknown(f"没有编号为“{scheme_id}”的方案；现有：{'、'.join(sorted(files))}。")
    return files[scheme_id]


@cache
def _load(path: Path) -> Scheme:
    return parse_scheme(_read_text(path, SchemeInvalid), path.name)


def _read_text(path: Path, invalid: type[WithProblems]) -> str:
    """The text of a file that is in UTF-8 and not unreasonably large."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MOST + 1)
        if len(content) > BYTES_MOST:
            raise invalid([Problem(str(path), "(全文)", f"文件应不超过{BYTES_MOST}字节。")])
        return content.decode()
    except OSError as error:
        reason = next((why for kind, why in REASONS.items() if isinstance(error, kind)), "读取失败")
        problem = Problem(str(path), "(全文)", f"应为可以读取的文件，现在{reason}。")
        raise invalid([problem]) from error
    except ValueError as error:
        raise invalid([Problem(str(path), "(全文)", "应以 UTF-8 编码保存。")]) from error

"""Opening a store: migrations, several processes at once, what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from callvoice.store import NewerStore, Store, StoreUnavailable, Task, migrate, open_store
from callvoice.store.schema import HEAD, metadata

pytest_plugins = ["stores"]


def test_the_migrations_end_where_the_tables_are(store: Store) -> None:
    with store.reading() as connection:
        assert migrate.revision(connection) == HEAD
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_the_newest_script_is_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_store_of_the_first_version_is_brought_up_to_date(
    open_: Callable[..., Store], target: str, tmp_path: Path
) -> None:
    with open_().writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert "opening" not in [c["name"] for c in inspect(connection).get_columns("calls")]
        assert "agrees" in [c["name"] for c in inspect(connection).get_columns("reviews")]
    with open_().reading() as connection:
        assert migrate.revision(connection) == HEAD
        assert "opening" in [c["name"] for c in inspect(connection).get_columns("calls")]
        assert "verdict" in [c["name"] for c in inspect(connection).get_columns("reviews")]


def test_a_store_of_a_later_version_is_refused(open_: Callable[..., Store]) -> None:
    with open_().writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerStore, match="later version"):
        open_()


def test_processes_may_make_the_same_store_at_once(target: str, tmp_path: Path) -> None:
    code = "import sys; from callvoice.store import open_store; open_store(*sys.argv[1:2],"
    code += " artefacts=sys.argv[2]).progress()"
    started = [
        subprocess.Popen([sys.executable, "-c", code, target, str(tmp_path)], stderr=-1)
        for _ in range(3)
    ]
    assert [(p.communicate()[1], p.returncode) for p in started] == [(b"", 0)] * 3


def test_a_server_must_be_told_once_where_artefacts_are(
    open_: Callable[..., Store], target: str, tmp_path: Path
) -> None:
    if "://" in target:
        with pytest.raises(StoreUnavailable, match="files of calls"):
            open_(artefacts=None)
    open_(artefacts=tmp_path / "there")
    assert open_(artefacts=None).artefacts.local == tmp_path / "there"


def test_the_place_of_the_first_run_stays_unless_another_is_named(
    target: str, tmp_path: Path
) -> None:
    def place(**told: Path) -> Path | None:
        with open_store(target, **told) as store:  # type: ignore[arg-type]
            return store.artefacts.local

    first = place(otherwise=tmp_path / "first")
    assert place(otherwise=tmp_path / "second") == first
    if "://" in target:
        assert first == tmp_path / "first"
    assert place(artefacts=tmp_path / "third") == tmp_path / "third"
    assert place(otherwise=tmp_path / "first") == tmp_path / "third"


def test_another_place_is_refused_while_the_old_one_has_files(target: str, tmp_path: Path) -> None:
    with open_store(target, artefacts=tmp_path / "old") as store:
        store.artefacts.put("ab" * 8, "facts.json.gz", b"{}")
    with pytest.raises(StoreUnavailable, match="move them first"):
        open_store(target, artefacts=tmp_path / "new")
    (tmp_path / "old").rename(tmp_path / "new")
    with open_store(target, artefacts=tmp_path / "new") as store:
        assert store.artefacts.names("ab" * 8) == ("facts.json.gz",)


def test_a_database_is_its_owners_in_any_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with open_store(tmp_path) as store:
        store.enqueue([Task(key="a", source="a.wav", duration_s=1.0)])
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*.db*")}
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("mysql://host/db", "cannot be in mysql"),
        ("nonsense://", "no address|cannot be in"),
        ("postgresql+psycopg://nobody@/x?host=/nowhere", "(?s)connection.*Check that"),
    ],
)
def test_other_addresses_are_refused_with_a_reason(target: str, said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said):
        open_store(target, artefacts="/tmp/x")


def test_passwords_stay_out_of_messages() -> None:
    with pytest.raises(StoreUnavailable) as error:
        open_store("postgresql://me:geheim@/x?host=/nowhere", artefacts="/tmp/x")
    assert "geheim" not in str(error.value)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="holds no store"):
        open_store(tmp_path, create=False)
    (tmp_path / "callvoice.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot make the workspace"):
        open_store(tmp_path / "file" / "workspace")

"""The drill: a backup is made, the machine is wiped, and what people had is there again."""

import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from raw_lines import line, put

from analytics_pipelines import faults
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.backup.archive import opened
from analytics_pipelines.backup.postgres_tables import REMADE, tables
from analytics_pipelines.backup.restore import Restored
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.problems import Problem
from analytics_pipelines.upkeep.retention import Retention
from tests.backup.conftest import ARRIVED, WRONG_MERGE, Place, World, answers

pytestmark = pytest.mark.engines

PASSPHRASE = "correct horse battery staple"
POINTS = (
    "restore.after_object@2",
    "restore.after_objects",
    "restore.after_postgres",
    "restore.after_hour@2",
    "restore.after_load",
    "restore.after_rollups",
    "restore.before_end",
)


@dataclass(frozen=True)
class Wiped:
    """A restored installation; `killed` are the points at which it was broken off."""

    place: Place
    file: Path
    killed: list[str]
    restored: Restored


STORED = (
    "SELECT * EXCEPT (batch_id, person_id) FROM events ORDER BY ALL",
    "SELECT team_id, reason, line FROM dead_letters ORDER BY ALL",
    "SELECT team_id, id, properties, created_at FROM persons FINAL ORDER BY ALL",
    "SELECT team_id, distinct_id, person_id FROM person_distinct_ids FINAL ORDER BY ALL",
    "SELECT * FROM active_people_daily ORDER BY ALL",
    "SELECT * FROM cohort_people ORDER BY ALL",
)


def stored(place: Place) -> list[list[tuple[Any, ...]]]:
    return [place.rows(sql) for sql in STORED]


def test_after_a_restore_people_have_what_they_had(
    world: World, new_place: Callable[..., Place], tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    sealed = Sealer.of(world.place.postgres).seal("of a destination", "it")
    made = world.place.backup(file, passphrase=PASSPHRASE)
    assert made.kept_batches == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []

    there = new_place(world.place.store)
    restored = there.restore(file, PASSPHRASE)
    assert (restored.missing_objects, restored.tables) == (0, made.tables)
    assert answers(there, world.key, world.project) == world.before
    assert WRONG_MERGE in str(there.postgres.rows("SELECT uuid FROM merge_denials"))
    members = "SELECT cohort_id, person_id FROM cohort_people ORDER BY ALL"
    assert there.rows(members) == world.place.rows(members) != []
    secret = People(there.postgres).login_link_secret()
    browser = there.app.test_client()
    assert browser.get(f"/login?token={secret}").status_code == 303
    assert browser.get("/api/users/@me/").status_code == 200
    assert Sealer.of(there.postgres).open(sealed, "it") == "of a destination"

    received = datetime.now(UTC)
    key = put(there.store, line("page", project=world.project, received=received), received=received)
    there.drain()
    there.store.delete([key])  # the bucket is the world's, which others use
    counted = there.rows("SELECT count() FROM events")[0][0]
    assert counted == restored.events + 1


@pytest.fixture(scope="module")
def wiped(world: World, new_place: Callable[..., Place], tmp_path_factory: pytest.TempPathFactory) -> Wiped:
    """Restored into a folder, since the bucket was gone, too, by a process that was killed at each point in turn."""
    file, there, killed = tmp_path_factory.mktemp("backup") / "backup.tar", new_place(), []
    assert world.place.backup(file, with_objects=True).with_objects
    for point in POINTS:
        name, _, at = point.partition("@")
        faults._plan[name] = ("raise", int(at or 1))
        faults._passes.clear()
        try:
            there.restore(file)
        except faults.InjectedFault:
            killed.append(point)
        faults._plan.clear()
    return Wiped(there, file, killed, there.restore(file))


def test_a_restore_that_was_broken_off_at_any_point_goes_on(world: World, wiped: Wiped) -> None:
    assert wiped.killed == list(POINTS)
    assert stored(wiped.place) == stored(world.place)
    with pytest.raises(Problem, match="something in this installation already"):
        wiped.place.restore(wiped.file)


def test_a_wiped_bucket_comes_back_with_the_objects(world: World, wiped: Wiped) -> None:
    assert wiped.restored.missing_objects == 0
    assert wiped.place.store.objects("raw/v1") == world.place.store.objects("raw/v1")


def test_rows_whose_raw_objects_are_gone_are_in_the_backup(
    world: World, wiped: Wiped, new_place: Callable[..., Place], tmp_path: Path
) -> None:
    place, file = wiped.place, tmp_path / "backup.tar"
    retention = Retention.of(place.settings, place.postgres, place.clickhouse)
    retention.raw_days = (datetime.now(UTC).date() - ARRIVED.date()).days - 1
    assert retention.raw().objects
    assert place.backup(file).kept_batches
    there = new_place(place.store)
    there.restore(file)
    assert stored(there) == stored(world.place)
    first, last = ARRIVED.date(), datetime.now(UTC).date()
    Replay(there.store, there.postgres, there.clickhouse, 100, 10_000_000).days(first, last)
    assert stored(there) == stored(world.place)


@pytest.mark.parametrize("point", ["backup.after_postgres", "backup.before_manifest"])
def test_a_backup_that_was_broken_off_leaves_no_file(
    point: str, world: World, tmp_path: Path, broken_off_at: Callable[[str, Callable[[], object]], None]
) -> None:
    file = tmp_path / "backups" / "backup.tar"
    broken_off_at(point, lambda: world.place.backup(file))
    assert list(file.parent.iterdir()) == []
    world.place.backup(file)
    with opened(file) as archive:
        assert archive.manifest["objects"] == len(world.place.store.objects("raw/v1"))


def test_a_wrong_passphrase_a_broken_file_and_a_full_installation_are_refused(
    world: World, new_place: Callable[..., Place], tmp_path: Path
) -> None:
    file, half = tmp_path / "backup.tar", tmp_path / "half.tar"
    world.place.backup(file, passphrase=PASSPHRASE)
    secret = world.place.postgres.row("SELECT secret FROM installation_secrets WHERE name = 'sealing'")
    assert secret is not None
    assert bytes(secret["secret"]).hex().encode() not in file.read_bytes()
    half.write_bytes(file.read_bytes()[:20_000])
    there = new_place(world.place.store)
    for wrong, passphrase, said in (
        (file, None, "are sealed"),
        (file, "another", "does not open"),
        (half, PASSPHRASE, "is no backup"),
        (tmp_path / "none.tar", PASSPHRASE, "There is no"),
    ):
        with pytest.raises(Problem, match=said):
            there.restore(wrong, passphrase)
    with pytest.raises(Problem, match="something in this installation already"):
        world.place.restore(file, PASSPHRASE)
    assert there.postgres.row("SELECT 1 FROM organizations") is None


def test_a_backup_of_another_release_is_refused(world: World, new_place: Callable[..., Place], tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    world.place.postgres.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999_later', '')"
    )
    world.place.backup(file)
    world.place.postgres.execute("DELETE FROM schema_migrations WHERE version = 9999")
    with pytest.raises(Problem, match="is of release"):
        new_place(world.place.store).restore(file)


def test_every_table_of_postgres_is_in_a_backup_or_is_made_again(migrated: Any, postgres: Any) -> None:
    with postgres.transaction() as connection:
        taken = tables(connection)
        there = {
            row["tablename"]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        }
    assert set(taken) | set(REMADE) == there
    assert not set(taken) & set(REMADE)
    assert taken.index("projects") < taken.index("api_keys")


def test_manifest_says_what_is_needed_to_judge_it(world: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    world.place.backup(file)
    with opened(file) as archive:
        assert archive.manifest["settings"]["object_store_url"] == archive.manifest["bucket"]
        assert not [name for name in archive.manifest["settings"] if "postgres" in name or "clickhouse_url" in name]
        assert archive.manifest["bucket"] == world.place.settings.bucket_url
        assert archive.manifest["arrival_start"] == f"{ARRIVED:%Y-%m-%d}"
        listed = [json.loads(each) for each in b"".join(archive.chunks("objects.jsonl")).splitlines()]
        made_at = datetime.fromisoformat(archive.manifest["made_at"])
    assert [each["key"] for each in listed] == [item.key for item in world.place.store.objects("raw/v1")]
    assert abs(datetime.now(UTC) - made_at) < timedelta(minutes=5)

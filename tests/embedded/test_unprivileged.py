"""The engines run for an ordinary user as they do for root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines

CODE = """
import sys
from pathlib import Path
from analytics_pipelines.embedded.engines import clickhouse_service, postgres_service
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.instance import open_instance
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
folder = Path(sys.argv[1])
instance = open_instance(folder)
plan = ServerPlan(folder / "clickhouse", free_port(), "p", "r", "test_*", 2 * 1024**3, 60, 10**9)
for service in (postgres_service(folder / "postgres", free_port(), instance), clickhouse_service(plan)):
    process = service.spawn(open(folder / "log", "ab"))
    assert wait_until(service.healthy, process, 60), (folder / "log").read_text()
    stop_group(process, service.stop_signal, 15)
print("both ran as", __import__("os").getuid())
"""

PACKAGES = os.pathsep.join([str(Path(__file__).parents[2]), *(path for path in sys.path if "site-packages" in path)])


def _python_of_an_ordinary_user() -> str | None:
    """This interpreter, or the system's of the same version, whichever another user may run."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            tried = subprocess.run(
                [candidate, "-c", "import chdb, analytics_pipelines"],
                user=65534,
                cwd="/tmp",
                env={"PYTHONPATH": PACKAGES},
                capture_output=True,
                check=False,
            )
        except (PermissionError, FileNotFoundError):
            continue
        if tried.returncode == 0:
            return candidate
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user every other test shows it")
def test_an_ordinary_user_can_run_the_engines(tmp_path_factory: pytest.TempPathFactory) -> None:
    import tempfile

    python = _python_of_an_ordinary_user()
    if python is None:
        pytest.skip("no interpreter or checkout here that another user may read")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", CODE, folder],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": PACKAGES},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "65534" in done.stdout


def test_a_data_folder_that_can_not_be_made_is_a_problem(tmp_path: Path) -> None:
    from analytics_pipelines.embedded.instance import open_instance
    from analytics_pipelines.problems import Problem

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Problem, match="can't be used"):
        open_instance(tmp_path / "file" / "data")

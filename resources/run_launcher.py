"""A run launcher that notices dead runs, also after the whole host went down."""

from dagster import DagsterRun
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster_shared.serdes import deserialize_value


class HealthCheckedRunLauncher(DefaultRunLauncher):
    """Dagster's own launcher never looks after a run again: one whose host was restarted stays STARTED for ever.

    This one asks the code server that started the run whether it still has it. A code server that is new, or gone,
    does not; then run monitoring fails the run and frees its place in the queue.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, "the run has finished or was never launched")
        try:
            answer = deserialize_value(
                client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10),
                CanCancelExecutionResult,
            )
        except Exception as error:
            return CheckRunHealthResult(WorkerStatus.FAILED, f"its code server does not answer: {error!r:.200}")
        if answer.can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its code server has no process for it")

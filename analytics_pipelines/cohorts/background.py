"""Members of a cohort that was just saved, found by a thread of this process. What it does not come to, because it is
killed or fails, the sensor of `cohort_job` asks for."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.problems import Fault, Problem

log = logging.getLogger("cohorts")


@dataclass
class BackgroundCalculator:
    """`threads` cohorts at a time."""

    calculator: Calculator
    threads: int = 2
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, "cohorts")  # starts no thread before it has work

    def submit(self, cohort_id: int) -> None:
        """Calculate soon, unless somebody else was faster."""
        self._pool.submit(self._calculate, cohort_id)

    def _calculate(self, cohort_id: int) -> None:
        try:
            self.calculator.calculate(cohort_id, only_if_asked=True)
        except (Fault, Problem) as error:
            log.warning("cohort %s was not calculated: %s", cohort_id, error)
        except Exception:
            log.exception("cohort %s was not calculated", cohort_id)

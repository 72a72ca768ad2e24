import { useState } from "react";

import { ApiError, fetchRows } from "../api";
import { counted, quantity } from "../quantity";
import { useResource } from "../resource";
import type { HogQLAnswer } from "../types";
import { ErrorCard } from "./ErrorCard";
import { ResultTable } from "./ResultTable";
import { ShownSql } from "./ShownSql";
import { Skeleton } from "./Skeleton";
import { SqlError } from "./SqlError";

interface Props {
  projectId: number;
  sql: string;
  onSelect: (from: number, to: number) => void;
}

interface Run {
  answer: HogQLAnswer;
  millis: number;
}

/** One run of one query. */
export function SqlRun({ projectId, sql, onSelect }: Props) {
  const [cancelled, setCancelled] = useState(false);
  if (cancelled) return <p className="card muted">Cancelled.</p>;
  return (
    <Running
      projectId={projectId}
      sql={sql}
      onSelect={onSelect}
      onCancel={() => setCancelled(true)}
    />
  );
}

/** Leaving the page, or cancelling, unmounts this and so aborts the request. */
function Running({ projectId, sql, onSelect, onCancel }: Props & { onCancel: () => void }) {
  const { data, error, loading, reload } = useResource<Run>(sql, async (signal, manual) => {
    const started = performance.now();
    const answer = await fetchRows(projectId, sql, signal, manual);
    return { answer, millis: performance.now() - started };
  });
  if (error instanceof ApiError && error.start !== null) {
    return <SqlError error={error} sql={sql} onSelect={onSelect} />;
  }
  if (error) {
    const title = "The query failed";
    return <ErrorCard title={title} error={error} onRetry={reload} retrying={loading} />;
  }
  if (!data) {
    return (
      <div className="card">
        <Skeleton label="Running the query" size="block" />
        <button type="button" className="button small" onClick={onCancel}>
          Cancel
        </button>
      </div>
    );
  }
  return <Result run={data} projectId={projectId} />;
}

function Result({ run: { answer, millis }, projectId }: { run: Run; projectId: number }) {
  const rows = answer.results.length;
  return (
    <section className="card" aria-label="Result" data-testid="sql-result" data-rows={rows}>
      <p className="sql-facts" role="status">
        <span>{counted(rows, "row")}</span>
        <span>
          {millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`}
        </span>
        {answer.timezone && <span>Time zone {answer.timezone}</span>}
      </p>
      {answer.limit_applied && (
        <p className="notice">
          The result is limited to {answer.limit === null ? "fewer" : quantity(answer.limit)} rows;
          there may be more. A <code>limit</code> in the query sets another number.
        </p>
      )}
      {rows > 0 ? <ResultTable answer={answer} /> : <p>The query found no rows.</p>}
      {answer.hogql && <ShownSql projectId={projectId} sql={answer.hogql} />}
    </section>
  );
}

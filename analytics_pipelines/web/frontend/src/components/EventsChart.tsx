import { useEffect, useRef } from "react";

import { fetchTrend } from "../api";
import { useChartState } from "../chartAddress";
import { useResource } from "../resource";
import { trendOf, trendTitle, trendsQuery } from "../trend";
import { ErrorCard } from "./ErrorCard";
import { Segmented } from "./Segmented";
import { Skeleton } from "./Skeleton";
import { TrendFigure } from "./TrendFigure";

const MATHS = [
  { value: "total", label: "Events" },
  { value: "dau", label: "Unique people" },
] as const;

/** New events are followed, though no faster than this. */
const FOLLOW_MS = 10_000;

interface Props {
  projectId: number;
  eventsTotal: number | undefined;
}

export function EventsChart({ projectId, eventsTotal }: Props) {
  const [state, setState] = useChartState();
  const question = trendsQuery(state);
  const key = `${projectId}:${JSON.stringify(question)}`;
  const trend = useResource(key, async (signal, manual) => {
    const answer = await fetchTrend(projectId, question, signal, manual);
    return trendOf(answer, state.range.interval, Date.now());
  });
  useFollow(eventsTotal, trend.revalidate);
  return (
    <section className="card chart-card" aria-labelledby="chart-title" aria-busy={trend.loading}>
      <div className="card-header">
        <h2 id="chart-title">{trendTitle(state)}</h2>
        <Segmented
          label="Count"
          options={MATHS}
          value={state.math}
          onChange={(math) => setState({ math })}
        />
      </div>
      {trend.error && (
        <ErrorCard
          title={
            trend.data ? "The chart below may be out of date" : "The chart could not be computed"
          }
          error={trend.error}
          onRetry={trend.reload}
          retrying={trend.loading}
        />
      )}
      {trend.data ? (
        <TrendFigure
          key={key}
          projectId={projectId}
          state={state}
          trend={trend.data}
          loading={trend.loading}
          onRefresh={trend.reload}
          onView={(view) => setState({ view })}
        />
      ) : (
        !trend.error && <Skeleton label="Computing the chart" size="chart" />
      )}
    </section>
  );
}

/** Calls `revalidate` when the number of stored events has changed. */
function useFollow(eventsTotal: number | undefined, revalidate: () => void): void {
  const followed = useRef({ total: eventsTotal, at: Date.now() });
  useEffect(() => {
    const last = followed.current;
    if (eventsTotal === undefined || eventsTotal === last.total) return;
    const first = last.total === undefined;
    const follow = () => {
      followed.current = { total: eventsTotal, at: Date.now() };
      if (!first) revalidate();
    };
    if (first) {
      follow();
      return;
    }
    const timer = setTimeout(follow, Math.max(0, last.at + FOLLOW_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [eventsTotal, revalidate]);
}

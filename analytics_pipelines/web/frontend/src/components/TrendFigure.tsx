import { Suspense, lazy, useState } from "react";

import type { ChartState } from "../chartState";
import { bucketName } from "../moment";
import { quantity } from "../quantity";
import { type Trend, averageOf, trendSummary } from "../trend";
import { Crash } from "./Crash";
import { ShownSql } from "./ShownSql";
import { Skeleton } from "./Skeleton";
import { TimeAgo } from "./TimeAgo";
import { TrendTable } from "./TrendTable";

const TrendChart = lazy(() => import("./TrendChart"));

interface Props {
  projectId: number;
  state: ChartState;
  trend: Trend;
  loading: boolean;
  onRefresh: () => void;
  onView: (view: ChartState["view"]) => void;
}

/** One answered question: its number, its picture or table, its age and its SQL. */
export function TrendFigure({ projectId, state, trend, loading, onRefresh, onView }: Props) {
  const [drawn, setDrawn] = useState(false);
  const asTable = state.view === "table";
  const incomplete = trend.points.some((point) => point.incomplete);
  return (
    <div data-testid="events-chart" data-total={trend.total} data-ready={asTable || drawn}>
      <Headline state={state} trend={trend} />
      {asTable ? (
        <TrendTable state={state} trend={trend} />
      ) : (
        <Crash title="The chart could not be drawn">
          <Suspense fallback={<Skeleton label="Loading the chart" size="chart" />}>
            <TrendChart
              points={trend.points}
              interval={state.range.interval}
              math={state.math}
              summary={trendSummary(state, trend)}
              onDrawn={() => setDrawn(true)}
            />
          </Suspense>
        </Crash>
      )}
      <footer className="chart-footer">
        <span>
          {incomplete && (
            <>
              {!asTable && <span className="swatch-incomplete" aria-hidden="true" />} This{" "}
              {state.range.interval} is not over yet ·{" "}
            </>
          )}
          Time zone {trend.timezone}
        </span>
        <span>
          computed <TimeAgo at={Math.min(trend.computedAt, Date.now())} timezone={trend.timezone} />{" "}
          ·{" "}
          <button type="button" className="link-button" onClick={onRefresh} disabled={loading}>
            {loading ? "refreshing…" : "refresh"}
          </button>
        </span>
        <button
          type="button"
          className="link-button"
          onClick={() => onView(asTable ? "chart" : "table")}
        >
          {asTable ? "View as chart" : "View as table"}
        </button>
      </footer>
      {trend.hogql && <ShownSql projectId={projectId} sql={trend.hogql} />}
    </div>
  );
}

/** People of several days do not add up, so their figure is an average. */
function Headline({ state, trend }: { state: ChartState; trend: Trend }) {
  const { interval } = state.range;
  const [first, last] = [trend.points[0], trend.points.at(-1)];
  if (state.math === "total") {
    return (
      <p className="headline">
        <strong>{quantity(trend.total)}</strong> {trend.total === 1 ? "event" : "events"}
        {first && last && (
          <>
            , {bucketName(first.day, interval)} – {bucketName(last.day, interval)}
          </>
        )}
      </p>
    );
  }
  const average = averageOf(trend.points);
  if (average === null) return null;
  return (
    <p className="headline">
      <strong>{quantity(Math.round(average))}</strong> people on an average complete {interval}
    </p>
  );
}

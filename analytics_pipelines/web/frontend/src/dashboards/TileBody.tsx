import { useMemo, useState } from "react";

import { ApiError } from "../api";
import { Figure, isDrawnAtOnce } from "../charts/Figure";
import { ErrorCard } from "../components/ErrorCard";
import { Skeleton } from "../components/Skeleton";
import { PeopleDialog } from "../insights/PeopleDialog";
import type { Insight } from "../insights/api";
import { knownQuestion } from "../insights/kinds";
import type { Picture, Point } from "../insights/picture";
import { pictureOf } from "../insights/pictureOf";
import { type Question, questionOf } from "../insights/queries";
import type { Filters } from "./api";
import { withFilters } from "./filters";

interface Props {
  projectId: number;
  insight: Insight;
  filters: Filters;
  asTable: boolean;
  refreshing: boolean;
  onRefresh: () => void;
}

/** The stored answer of an insight, or why there is none; a fault stays inside the tile. */
export function TileBody({ projectId, insight, filters, asTable, refreshing, onRefresh }: Props) {
  const [point, setPoint] = useState<Point | null>(null);
  const [drawn, setDrawn] = useState(false);
  const drawing = useMemo(() => drawingOf(insight), [insight]);
  const failure = insight.result_error;
  const underway = refreshing || Boolean(insight.query_status);
  const error = failure
    ? new ApiError(failure.detail, failure.status, failure.code)
    : drawing instanceof Error
      ? drawing
      : null;
  const shown = drawing instanceof Error ? null : drawing;
  return (
    <div
      className="tile-body"
      data-ready={shown ? drawn || isDrawnAtOnce(shown.picture, asTable) : false}
    >
      {error && (
        <ErrorCard
          title={shown ? "What is below is of an earlier time" : "This could not be computed"}
          error={error}
          onRetry={onRefresh}
          retrying={underway}
        />
      )}
      {shown && (
        <Figure
          picture={shown.picture}
          asTable={asTable}
          onPoint={setPoint}
          onDrawn={() => setDrawn(true)}
        />
      )}
      {!shown && !error && (underway ? <Skeleton label="Computing" size="plot" /> : <NotYet />)}
      {shown && point && (
        <PeopleDialog
          projectId={projectId}
          timezone={insight.timezone}
          question={withFilters(shown.question, filters)}
          point={point}
          onClose={() => setPoint(null)}
        />
      )}
    </div>
  );
}

function NotYet() {
  return <p className="nothing">Not computed yet; “refresh” does.</p>;
}

interface Drawing {
  question: Question;
  picture: Picture;
}

/** null: there is no answer yet. */
function drawingOf(insight: Insight): Drawing | Error | null {
  if (insight.result === null || insight.result === undefined) return null;
  const question = knownQuestion(questionOf(insight.query));
  if (!question) return new Error("Insights of this kind can’t be drawn here yet.");
  try {
    const picture = pictureOf(question, { ...insight, results: insight.result } as never);
    return { question, picture };
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

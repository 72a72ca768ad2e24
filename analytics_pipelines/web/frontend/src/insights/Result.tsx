import { useState } from "react";

import { ApiError } from "../api";
import { Figure, isDrawnAtOnce } from "../charts/Figure";
import { PictureTable } from "../charts/PictureTable";
import { CopyButton } from "../components/CopyButton";
import { ErrorCard } from "../components/ErrorCard";
import { Skeleton } from "../components/Skeleton";
import { SqlError } from "../components/SqlError";
import { TimeAgo } from "../components/TimeAgo";
import { millisOf } from "../moment";
import { quantity } from "../quantity";
import { useResource } from "../resource";
import type { Answer } from "./answers";
import { ask } from "./api";
import { csvOf } from "./csv";
import type { Picture, Point } from "./picture";
import { pictureOf } from "./pictureOf";
import type { Question } from "./queries";
import { Explain } from "./Explain";
import { PeopleDialog } from "./PeopleDialog";

interface Props {
  projectId: number;
  dagsterUrl: string | null;
  question: Question;
}

/** The answer to a question: chart and table, its age, where it comes from, and who is behind each number. */
export function Result({ projectId, dagsterUrl, question }: Props) {
  const { data, error, loading, reload } = useResource(
    `${projectId}:${JSON.stringify(question)}`,
    async (signal, manual) => {
      const answer = await ask(projectId, question, signal, manual);
      return { question, answer, picture: pictureOf(question, answer) };
    },
  );
  if (error instanceof ApiError && error.start !== null && question.kind === "HogQLQuery") {
    return <SqlError error={error} sql={question.query} />;
  }
  return (
    <section className="card" aria-label="Result" aria-busy={loading}>
      {error && (
        <ErrorCard
          title={data ? "What is below may be out of date" : "The question could not be answered"}
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      {data ? (
        <Answered
          projectId={projectId}
          dagsterUrl={dagsterUrl}
          {...data}
          loading={loading}
          onRefresh={reload}
        />
      ) : (
        !error && <Skeleton label="Computing the answer" size="plot" />
      )}
    </section>
  );
}

interface AnsweredProps extends Props {
  answer: Answer;
  picture: Picture;
  loading: boolean;
  onRefresh: () => void;
}

function Answered(props: AnsweredProps) {
  const { projectId, dagsterUrl, question, answer, picture, loading, onRefresh } = props;
  const [drawn, setDrawn] = useState(false);
  const [point, setPoint] = useState<Point | null>(null);
  const at = millisOf(answer.last_refresh);
  const withTable = picture.chart !== null && !picture.empty;
  return (
    <div data-testid="insight-result" data-ready={drawn || isDrawnAtOnce(picture, false)}>
      <Figure
        picture={picture}
        asTable={false}
        onPoint={setPoint}
        onDrawn={() => setDrawn(true)}
      />
      {answer.limit_applied && (
        <p className="notice">
          Only the first {quantity(answer.limit ?? 0)} rows are here; there may be more.
        </p>
      )}
      <footer className="chart-footer">
        <span>Time zone {answer.timezone}</span>
        {!picture.empty && <CopyButton text={csvOf(picture.table)} label="Copy as CSV" />}
        <span>
          {at !== null && (
            <>
              computed <TimeAgo at={Math.min(at, Date.now())} timezone={answer.timezone} /> ·{" "}
            </>
          )}
          <button type="button" className="link-button" onClick={onRefresh} disabled={loading}>
            {loading ? "refreshing…" : "refresh"}
          </button>
        </span>
      </footer>
      {withTable && <PictureTable table={picture.table} onPoint={setPoint} />}
      {answer.explain && (
        <Explain
          projectId={projectId}
          dagsterUrl={dagsterUrl}
          answer={answer}
          explanation={answer.explain}
        />
      )}
      {point && (
        <PeopleDialog
          projectId={projectId}
          timezone={answer.timezone}
          question={question}
          point={point}
          onClose={() => setPoint(null)}
        />
      )}
    </div>
  );
}

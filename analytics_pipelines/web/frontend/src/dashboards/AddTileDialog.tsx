import { useDeferredValue, useState } from "react";

import { Dialog } from "../components/Dialog";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { Skeleton } from "../components/Skeleton";
import { type Insight, changeInsight, fetchInsights, insightName } from "../insights/api";
import { kindLabel } from "../insights/kinds";
import { isObject, questionOf } from "../insights/queries";
import { newInsightPath } from "../location";
import { useResource } from "../resource";
import { changeDashboard } from "./api";

interface Props {
  projectId: number;
  dashboardId: number;
  onAdded: () => void;
  onClose: () => void;
}

/** Saved insights that are not on the dashboard yet, a new one, or a text. */
export function AddTileDialog({ projectId, dashboardId, onAdded, onClose }: Props) {
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const [failure, setFailure] = useState<Error | null>(null);
  const search = useDeferredValue(text.trim());
  const insights = useResource(`insights:${projectId}:${search}`, (signal) =>
    fetchInsights(projectId, search, signal),
  );
  const error = failure ?? insights.error;
  const attempt = async (work: () => Promise<unknown>) => {
    setFailure(null);
    try {
      await work();
      insights.revalidate();
      onAdded();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const add = ({ id, dashboards }: Insight) =>
    attempt(() => changeInsight(projectId, id, { dashboards: [...dashboards, dashboardId] }));
  const addNote = () =>
    attempt(async () => {
      await changeDashboard(projectId, dashboardId, { tiles: [{ text: { body: note.trim() } }] });
      setNote("");
    });
  const others = insights.data?.filter(({ dashboards }) => !dashboards.includes(dashboardId));
  return (
    <Dialog title="Add to the dashboard" onClose={onClose}>
      <Link to={newInsightPath(projectId, `?dashboard=${dashboardId}`)} className="button primary">
        Make a new insight
      </Link>
      <input
        type="search"
        className="search"
        aria-label="Search the saved insights"
        placeholder="Search the saved insights"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error && <ErrorCard title="That did not work" error={error} onRetry={insights.reload} />}
      {!insights.data && !insights.error && <Skeleton label="Loading" size="strip" />}
      {others?.length === 0 && <p className="muted">No other saved insight.</p>}
      <ul className="plain-list">
        {others?.map((insight) => {
          const question = questionOf(insight.query);
          return (
            <li key={insight.id}>
              <span className="foreign">{insightName(insight)}</span>{" "}
              <span className="muted">{kindLabel(isObject(question) ? question.kind : null)}</span>
              <button type="button" className="button small" onClick={() => add(insight)}>
                Add<span className="visually-hidden"> {insightName(insight)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <label className="note">
        Or a text
        <textarea
          rows={3}
          value={note}
          placeholder="# What this dashboard is about"
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      <button type="button" className="button" disabled={!note.trim()} onClick={addNote}>
        Add the text
      </button>
    </Dialog>
  );
}

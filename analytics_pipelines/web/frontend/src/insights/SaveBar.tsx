import { type FormEvent, useState } from "react";

import { insightPath, navigate } from "../location";
import { type Insight, changeInsight, createInsight } from "./api";
import type { Question } from "./queries";
import { OnDashboards } from "./OnDashboards";

interface Props {
  projectId: number;
  question: Question;
  saved: Insight | null;
  /** Where a new insight goes as soon as it is saved. */
  dashboard: number | null;
  changed: boolean;
  onSaved: () => void;
}

/** The insight's name, and whether what is shown is what is saved. */
export function SaveBar({ projectId, question, saved, dashboard, changed, onSaved }: Props) {
  const [name, setName] = useState(saved?.name ?? "");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [choosing, setChoosing] = useState(false);
  const dirty = changed || name !== (saved?.name ?? "");

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !dirty) return;
    setBusy(true);
    setFailure(null);
    try {
      if (saved) {
        await changeInsight(projectId, saved.id, { name, ...(changed && { query: question }) });
        navigate(insightPath(projectId, saved.short_id), { replace: true });
        onSaved();
      } else {
        const dashboards = dashboard === null ? {} : { dashboards: [dashboard] };
        const made = await createInsight(projectId, { name, query: question, ...dashboards });
        navigate(insightPath(projectId, made.short_id), { replace: true });
      }
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="save-bar" onSubmit={save}>
      <input
        type="text"
        aria-label="Name of the insight"
        placeholder="Untitled insight"
        maxLength={400}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="button primary" aria-disabled={busy || !dirty}>
        {busy ? "Saving…" : saved && !dirty ? "Saved" : "Save"}
      </button>
      {saved && (
        <button type="button" className="button" onClick={() => setChoosing(true)}>
          {saved.dashboards.length > 0
            ? `On ${saved.dashboards.length} dashboard${saved.dashboards.length === 1 ? "" : "s"}`
            : "Add to dashboard"}
        </button>
      )}
      {failure && (
        <p role="alert" className="field-error">
          {failure}
        </p>
      )}
      {saved && choosing && (
        <OnDashboards
          projectId={projectId}
          insight={saved}
          onChange={onSaved}
          onClose={() => setChoosing(false)}
        />
      )}
    </form>
  );
}

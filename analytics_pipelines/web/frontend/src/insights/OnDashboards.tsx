import { useState } from "react";

import { Dialog } from "../components/Dialog";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { Skeleton } from "../components/Skeleton";
import { createDashboard, fetchDashboards } from "../dashboards/api";
import { Check } from "../editor/Check";
import { dashboardPath } from "../location";
import { useResource } from "../resource";
import { type Insight, changeInsight, insightName } from "./api";

interface Props {
  projectId: number;
  insight: Insight;
  onChange: () => void;
  onClose: () => void;
}

/** On which dashboards an insight is: each is a box to tick. */
export function OnDashboards({ projectId, insight, onChange, onClose }: Props) {
  const list = useResource(`dashboards:${projectId}`, (signal) => fetchDashboards(projectId, signal));
  const [shownOn, setShownOn] = useState(insight.dashboards);
  const [failure, setFailure] = useState<Error | null>(null);
  const [name, setName] = useState("");

  const put = async (dashboards: number[]) => {
    setFailure(null);
    try {
      setShownOn((await changeInsight(projectId, insight.id, { dashboards })).dashboards);
      onChange();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const make = async () => {
    if (!name.trim()) return;
    try {
      const made = await createDashboard(projectId, name.trim());
      setName("");
      await put([...shownOn, made.id]);
      list.revalidate();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };

  return (
    <Dialog title={`Dashboards with “${insightName(insight)}”`} onClose={onClose}>
      {(list.error ?? failure) && (
        <ErrorCard
          title="That did not work"
          error={(list.error ?? failure) as Error}
          onRetry={list.reload}
        />
      )}
      {!list.data && !list.error && <Skeleton label="Loading the dashboards" size="strip" />}
      <ul className="plain-list">
        {list.data?.map((dashboard) => (
          <li key={dashboard.id}>
            <Check
              label={dashboard.name || "Untitled dashboard"}
              checked={shownOn.includes(dashboard.id)}
              onChange={(on) =>
                put(on ? [...shownOn, dashboard.id] : shownOn.filter((id) => id !== dashboard.id))
              }
            />{" "}
            {shownOn.includes(dashboard.id) && (
              <Link to={dashboardPath(projectId, dashboard.id)}>Open</Link>
            )}
          </li>
        ))}
      </ul>
      <div className="editor-row">
        <input
          type="text"
          aria-label="Name of a new dashboard"
          placeholder="New dashboard"
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void make();
          }}
        />
        <button type="button" className="button" disabled={!name.trim()} onClick={make}>
          Create and add
        </button>
      </div>
    </Dialog>
  );
}

import { type FormEvent, useState } from "react";

import { DemoBanner } from "../components/DemoBanner";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { PageHeader } from "../components/PageHeader";
import { Skeleton } from "../components/Skeleton";
import { TimeAgo } from "../components/TimeAgo";
import {
  type DashboardBasics,
  createDashboard,
  fetchDashboards,
} from "../dashboards/api";
import { createStarter } from "../dashboards/starter";
import { useCatalog } from "../insights/catalog";
import { dashboardPath, navigate } from "../location";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

export default function DashboardsPage({ project }: { project: Project }) {
  useTitle("Dashboards", project.name);
  const list = useResource(`dashboards:${project.id}`, (signal) =>
    fetchDashboards(project.id, signal),
  );
  const [failure, setFailure] = useState<Error | null>(null);
  const open = async (make: () => Promise<{ id: number }>) => {
    setFailure(null);
    try {
      navigate(dashboardPath(project.id, (await make()).id));
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const error = failure ?? list.error;
  return (
    <>
      <PageHeader title="Dashboards">
        <NewDashboard onCreate={(name) => open(() => createDashboard(project.id, name))} />
      </PageHeader>
      {project.is_demo && <DemoBanner />}
      {error && (
        <ErrorCard title="That did not work" error={error} onRetry={list.reload} retrying={list.loading} />
      )}
      {!list.data && !list.error && <Skeleton label="Loading the dashboards" size="block" />}
      {list.data?.length === 0 && <Starter project={project} onOpen={open} />}
      {list.data && list.data.length > 0 && <List project={project} dashboards={list.data} />}
    </>
  );
}

function NewDashboard({ onCreate }: { onCreate: (name: string) => void }) {
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) onCreate(name.trim());
  };
  return (
    <form className="card-actions" onSubmit={submit}>
      <input
        type="text"
        aria-label="Name of the new dashboard"
        placeholder="New dashboard"
        maxLength={400}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="button primary" aria-disabled={!name.trim()}>
        Create
      </button>
    </form>
  );
}

interface StarterProps {
  project: Project;
  onOpen: (make: () => Promise<{ id: number }>) => Promise<void>;
}

function Starter({ project, onOpen }: StarterProps) {
  const { catalog } = useCatalog(project.id);
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    await onOpen(() => createStarter(project.id, catalog.events));
    setBusy(false);
  };
  return (
    <section className="card" data-testid="starter">
      <h2>Put the numbers that matter side by side</h2>
      <p>
        A dashboard shows saved insights together, with one range of dates for all. Begin with an
        empty one, or let one be made of your events: a trend, a funnel, retention, lifecycle,
        stickiness, paths and SQL, each to be changed as you like.
      </p>
      <button type="button" className="button primary" onClick={start} disabled={busy}>
        {busy ? "Making it…" : "Make one to begin with"}
      </button>
    </section>
  );
}

function List({ project, dashboards }: { project: Project; dashboards: DashboardBasics[] }) {
  return (
    <section className="card" aria-label="All dashboards">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {dashboards.map(({ id, name, description, pinned, last_modified_at: changed }) => (
            <tr key={id}>
              <th scope="row" className="foreign">
                <Link to={dashboardPath(project.id, id)}>{name || "Untitled dashboard"}</Link>
                {pinned && <span className="muted"> · pinned</span>}
                {description && <span className="muted"> · {description}</span>}
              </th>
              <td>
                <TimeAgo at={changed} timezone={project.timezone} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

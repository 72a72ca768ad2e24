import { useMemo, useRef, useState } from "react";

import { DemoBanner } from "../components/DemoBanner";
import { Dialog } from "../components/Dialog";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { PageHeader } from "../components/PageHeader";
import { Skeleton } from "../components/Skeleton";
import { AddTileDialog } from "../dashboards/AddTileDialog";
import { FilterBar } from "../dashboards/FilterBar";
import { TileGrid } from "../dashboards/TileGrid";
import { type Dashboard, type Filters, changeDashboard, fetchDashboard } from "../dashboards/api";
import { overrideIn, withOverride } from "../dashboards/filters";
import { CommitInput } from "../editor/CommitInput";
import { navigate, pagePath, useSearch } from "../location";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

/** While answers are being computed, they are looked for so often. */
const UNDERWAY_POLL_MS = 1_500;

export default function DashboardPage({ project, item }: { project: Project; item: string }) {
  const search = useSearch();
  const override = useMemo(() => overrideIn(search), [search]);
  const key = `dashboard:${project.id}:${item}:${JSON.stringify(override)}`;
  const seen = useRef("");
  const { data, error, loading, reload, revalidate } = useResource(
    key,
    async (signal, manual) => {
      // Only the first look sets stale tiles going; later ones would set a failing one going for ever.
      const refresh = manual ? "force_async" : seen.current === key ? null : "async";
      const found = await fetchDashboard(project.id, item, refresh, override, signal);
      seen.current = key;
      return found;
    },
    (last) => (last?.tiles.some(({ insight }) => insight?.query_status) ? UNDERWAY_POLL_MS : null),
  );
  useTitle(data?.name || "Dashboard", project.name);
  if (!data) {
    return (
      <>
        <PageHeader title="Dashboard" />
        {error ? (
          <ErrorCard
            title="The dashboard could not be loaded"
            error={error}
            onRetry={reload}
            retrying={loading}
          />
        ) : (
          <Skeleton label="Loading the dashboard" size="chart" />
        )}
      </>
    );
  }
  return (
    <>
      {project.is_demo && <DemoBanner />}
      {error && (
        <ErrorCard
          title="What is below may be out of date"
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      <Board
        project={project}
        dashboard={data}
        override={override}
        onChange={revalidate}
        onRefresh={reload}
      />
    </>
  );
}

interface BoardProps {
  project: Project;
  dashboard: Dashboard;
  override: Filters | null;
  onChange: () => void;
  onRefresh: () => void;
}

function Board({ project, dashboard, override, onChange, onRefresh }: BoardProps) {
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);
  const show = (filters: Filters | null) =>
    navigate(window.location.pathname + withOverride(filters, window.location.search));
  const write = async (changes: Parameters<typeof changeDashboard>[2], then: () => void) => {
    setFailure(null);
    try {
      await changeDashboard(project.id, dashboard.id, changes);
      then();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const empty = dashboard.tiles.length === 0;
  return (
    <>
      <Link to={pagePath("dashboards", project.id)} className="back-link">
        All dashboards
      </Link>
      <header className="page-header">
        <h1 className="visually-hidden">{dashboard.name || "Untitled dashboard"}</h1>
        <div className="name-field">
          <CommitInput
            quiet
            label="Name of the dashboard"
            value={dashboard.name}
            placeholder="Untitled dashboard"
            onCommit={(name) => write({ name }, onChange)}
          />
        </div>
        <div className="card-actions">
          <button type="button" className="button" onClick={onRefresh} disabled={empty}>
            Refresh all
          </button>
          <button type="button" className="button" onClick={() => setDeleting(true)}>
            Delete
          </button>
          <button type="button" className="button primary" onClick={() => setAdding(true)}>
            Add a tile
          </button>
        </div>
      </header>
      {failure && (
        <ErrorCard title="That could not be saved" error={failure} onRetry={onChange} />
      )}
      <FilterBar
        projectId={project.id}
        filters={dashboard.filters}
        temporary={override !== null}
        onChange={show}
        onSave={() => write({ filters: dashboard.filters }, () => show(null))}
        onReset={() => show(null)}
      />
      {empty ? (
        <section className="card">
          <h2>Nothing is on this dashboard yet</h2>
          <p>
            A tile shows a saved insight: a trend, a funnel, who comes back. Its answer is kept and
            stays up to date by itself; “computed … ago” says how old it is.
          </p>
          <button type="button" className="button primary" onClick={() => setAdding(true)}>
            Add the first tile
          </button>
        </section>
      ) : (
        <TileGrid
          projectId={project.id}
          dashboard={dashboard}
          override={override}
          onChange={onChange}
        />
      )}
      {adding && (
        <AddTileDialog
          projectId={project.id}
          dashboardId={dashboard.id}
          onAdded={onChange}
          onClose={() => setAdding(false)}
        />
      )}
      {deleting && (
        <Dialog title={`Delete “${dashboard.name}”?`} onClose={() => setDeleting(false)}>
          <p>The dashboard goes; the insights on it stay.</p>
          <button
            type="button"
            className="button primary"
            onClick={() =>
              write({ deleted: true }, () => navigate(pagePath("dashboards", project.id)))
            }
          >
            Delete the dashboard
          </button>
        </Dialog>
      )}
    </>
  );
}

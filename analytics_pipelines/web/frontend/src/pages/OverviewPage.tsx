import { fetchIngestion } from "../api";
import { DemoBanner } from "../components/DemoBanner";
import { EmptyState } from "../components/EmptyState";
import { EventsChart } from "../components/EventsChart";
import { IngestionWarnings } from "../components/IngestionWarnings";
import { LatestEvents } from "../components/LatestEvents";
import { PageHeader } from "../components/PageHeader";
import { RangePicker } from "../components/RangePicker";
import { Skeleton } from "../components/Skeleton";
import { StatusStrip } from "../components/StatusStrip";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Instance, Project } from "../types";

const STATUS_POLL_MS = 5_000;
const WAITING_POLL_MS = 2_000;

export function OverviewPage({ project, instance }: { project: Project; instance: Instance }) {
  useTitle("Overview", project.name);
  const ingestion = useResource(
    `ingestion:${project.id}`,
    (signal) => fetchIngestion(project.id, signal),
    // Faster while a first event is awaited, so that the page seems to flip at once.
    (last) => (last?.events_total === 0 ? WAITING_POLL_MS : STATUS_POLL_MS),
  );
  const empty = ingestion.data?.events_total === 0;
  return (
    <>
      <PageHeader title="Overview">{!empty && <RangePicker />}</PageHeader>
      {project.is_demo && <DemoBanner />}
      {!ingestion.data && !ingestion.error ? (
        <Skeleton label="Loading" size="chart" />
      ) : empty && ingestion.data ? (
        <EmptyState
          project={project}
          instance={instance}
          ingestion={ingestion.data}
          error={ingestion.error}
        />
      ) : (
        <>
          <StatusStrip ingestion={ingestion} dagsterUrl={instance.dagster_url} />
          <EventsChart projectId={project.id} eventsTotal={ingestion.data?.events_total} />
          <LatestEvents project={project} />
          <IngestionWarnings ingestion={ingestion} timezone={project.timezone} />
        </>
      )}
    </>
  );
}

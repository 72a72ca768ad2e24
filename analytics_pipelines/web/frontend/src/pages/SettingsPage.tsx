import { fetchIngestion, fetchSettings } from "../api";
import { DemoBanner } from "../components/DemoBanner";
import { DroppedEvents } from "../components/DroppedEvents";
import { ErrorCard } from "../components/ErrorCard";
import { PageHeader } from "../components/PageHeader";
import { SettingsForm } from "../components/SettingsForm";
import { Skeleton } from "../components/Skeleton";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

const DROPS_POLL_MS = 15_000;

interface Props {
  project: Project;
  /** The project has another name or time zone now. */
  onChange: () => void;
}

export function SettingsPage({ project, onChange }: Props) {
  useTitle("Project settings", project.name);
  const settings = useResource(`settings:${project.id}`, (signal) =>
    fetchSettings(project.id, signal),
  );
  const ingestion = useResource(
    `drops:${project.id}`,
    (signal) => fetchIngestion(project.id, signal),
    DROPS_POLL_MS,
  );
  return (
    <>
      <PageHeader title="Project settings" />
      {project.is_demo && <DemoBanner />}
      <div className="settings">
        {settings.data ? (
          <SettingsForm settings={settings.data} onSaved={onChange} />
        ) : settings.error ? (
          <ErrorCard
            title="The settings could not be loaded"
            error={settings.error}
            onRetry={settings.reload}
            retrying={settings.loading}
          />
        ) : (
          <Skeleton label="Loading settings" size="chart" />
        )}
        <DroppedEvents ingestion={ingestion} />
      </div>
    </>
  );
}

import { counted } from "../quantity";
import { snippets } from "../snippet";
import type { Ingestion, Instance, Project } from "../types";
import { CopyButton } from "./CopyButton";
import { Tabs } from "./Tabs";

interface Props {
  project: Project;
  instance: Instance;
  ingestion: Ingestion;
  /** The last look for events failed. */
  error: Error | undefined;
}

export function EmptyState({ project, instance, ingestion, error }: Props) {
  return (
    <section className="card empty-state" data-testid="empty-state">
      <h2>Send your first event</h2>
      <p>Any PostHog SDK works: point it at this address and use this project’s key.</p>
      <Tabs label="Ways to send an event" tabs={snippets(project.api_token, instance.capture_url)}>
        {({ code }) => (
          <div className="code">
            <pre tabIndex={0}>
              <code>{code}</code>
            </pre>
            <CopyButton text={code} />
          </div>
        )}
      </Tabs>
      <p className="waiting" role="status">
        <span className={error ? "pulse failed" : "pulse"} aria-hidden="true" />
        {waitingText(ingestion, error)}
      </p>
      {ingestion.dead_letters_total > 0 && (
        <p className="notice">
          {counted(ingestion.dead_letters_total, "event")} arrived but could not be read.
        </p>
      )}
      <p className="muted">
        or load demo data: <code>analytics demo</code>
      </p>
    </section>
  );
}

function waitingText({ pending_objects: pending }: Ingestion, error: Error | undefined): string {
  if (error) return `Cannot look for events: ${error.message} Trying again…`;
  if (pending > 0) return "Something arrived and is being loaded…";
  return "Waiting for your first event…";
}

import { useEffect, useState } from "react";

import { LATEST_EVENTS_SQL, type LatestEvent, fetchLatestEvents } from "../latestEvent";
import { sqlPath } from "../location";
import { useResource } from "../resource";
import type { Project } from "../types";
import { ErrorCard } from "./ErrorCard";
import { EventRow } from "./EventRow";
import { Link } from "./Link";
import { Skeleton } from "./Skeleton";

const REFRESH_MS = 5_000;

export function LatestEvents({ project }: { project: Project }) {
  const [paused, setPaused] = useState(false);
  const { data, error, loading, reload } = useResource(
    `latest:${project.id}`,
    (signal) => fetchLatestEvents(project.id, signal),
    paused ? null : REFRESH_MS,
  );
  return (
    <section className="card" aria-labelledby="latest-title" data-testid="latest-events">
      <div className="card-header">
        <h2 id="latest-title">Latest events</h2>
        <span className="card-actions">
          <span className="muted">{paused ? "Paused" : "Every 5 seconds"}</span>
          <button type="button" className="button small" onClick={() => setPaused(!paused)}>
            {paused ? "Resume" : "Pause"}
          </button>
          <Link className="wide-only" to={sqlPath(project.id, LATEST_EVENTS_SQL)}>
            Open in SQL
          </Link>
        </span>
      </div>
      {error && (
        <ErrorCard
          title={data ? "The list below may be out of date" : "The events could not be read"}
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      {data ? (
        <EventTable events={data} project={project} />
      ) : (
        !error && <Skeleton label="Loading events" size="chart" />
      )}
    </section>
  );
}

function EventTable({ events, project }: { events: LatestEvent[]; project: Project }) {
  const [settled, setSettled] = useState(false);
  useEffect(() => setSettled(true), []);
  if (events.length === 0) return <p className="muted">No events in the table.</p>;
  return (
    <div className="table-scroll">
      <table className="events">
        <thead>
          <tr>
            <th scope="col" className="column-time">
              Time
            </th>
            <th scope="col" className="column-event">
              Event
            </th>
            <th scope="col" className="column-person">
              Person
            </th>
            <th scope="col" className="wide-only">
              URL
            </th>
            <th scope="col" className="wide-only column-library">
              Library
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow key={event.uuid} event={event} project={project} arrived={settled} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

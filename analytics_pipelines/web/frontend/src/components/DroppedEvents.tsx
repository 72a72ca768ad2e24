import { counted, quantity } from "../quantity";
import type { Resource } from "../resource";
import type { Dropped, Ingestion } from "../types";
import { ErrorCard } from "./ErrorCard";
import { Skeleton } from "./Skeleton";

const RULES: Record<string, string> = {
  quota: "Daily quota",
  denied_event: "Events to drop",
  not_allowed_event: "Not among the only events to keep",
  denied_distinct_id: "Distinct IDs to drop",
  performance_event: "Performance events of old SDKs",
};

export function DroppedEvents({ ingestion }: { ingestion: Resource<Ingestion> }) {
  const { data, error, loading, reload } = ingestion;
  return (
    <section className="card" aria-labelledby="dropped-title" data-testid="dropped-events">
      <div className="card-header">
        <h2 id="dropped-title">Dropped by these rules</h2>
        <span className="muted">last 30 days</span>
      </div>
      {error && (
        <ErrorCard
          title={data ? "The figures below may be out of date" : "The drops could not be loaded"}
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      {!data && !error && <Skeleton label="Loading what was dropped" size="block" />}
      {data && (data.dropped.length > 0 ? <Rows dropped={data.dropped} /> : <Nothing />)}
      {data && data.dropped_total > 0 && (
        <p className="muted">{counted(data.dropped_total, "event")} dropped in all.</p>
      )}
    </section>
  );
}

function Rows({ dropped }: { dropped: Dropped[] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Dropped events">
      <table className="dropped">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Rule</th>
            <th scope="col" className="number">
              Events
            </th>
          </tr>
        </thead>
        <tbody>
          {dropped.map(({ rule, event, events }) => (
            <tr key={`${rule}:${event}`}>
              <th scope="row" className="foreign" title={event}>
                {event || <span className="muted">no name</span>}
              </th>
              <td>{RULES[rule] ?? rule}</td>
              <td className="number">{quantity(events)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Nothing() {
  return (
    <>
      <p>No event was dropped in the last 30 days.</p>
      <p className="muted">
        Rules keep events out before they are stored, and cannot bring them back. To try one, write
        the name of a noisy event under “Events to drop” and save: each event that the rule drops is
        counted here, by name.
      </p>
    </>
  );
}

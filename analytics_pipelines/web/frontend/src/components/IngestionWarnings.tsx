import { counted } from "../quantity";
import type { Resource } from "../resource";
import type { Ingestion, Warning } from "../types";
import { ErrorCard } from "./ErrorCard";
import { Icon } from "./Icon";
import { Skeleton } from "./Skeleton";
import { TimeAgo } from "./TimeAgo";

interface Props {
  ingestion: Resource<Ingestion>;
  timezone: string;
}

/** Events that were stored, but not as their sender may have meant them; and what to do about it. */
export function IngestionWarnings({ ingestion, timezone }: Props) {
  const { data, error, loading, reload } = ingestion;
  return (
    <section className="card" aria-labelledby="warnings-title" data-testid="ingestion-warnings">
      <div className="card-header">
        <h2 id="warnings-title">Ingestion warnings</h2>
        <span className="muted">last 30 days</span>
      </div>
      {error && !data && (
        <ErrorCard
          title="The warnings could not be loaded"
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      {!data && !error && <Skeleton label="Loading warnings" size="block" />}
      {data &&
        (data.warnings.length > 0 ? (
          <ul className="warnings">
            {data.warnings.map((warning) => (
              <Item key={warning.type} warning={warning} timezone={timezone} />
            ))}
          </ul>
        ) : (
          <Nothing />
        ))}
    </section>
  );
}

function Item({ warning, timezone }: { warning: Warning; timezone: string }) {
  const { type, title, meaning, advice, events, last_seen: lastSeen, example } = warning;
  return (
    <li>
      <h3>
        <Icon name="warning" /> {title}
      </h3>
      <p className="muted">
        {example.event ? `${counted(events, "event")}, the last` : "Last"}{" "}
        <TimeAgo at={lastSeen} timezone={timezone} />
      </p>
      <p>{meaning}</p>
      <p>
        <strong>What to do:</strong> {advice}
      </p>
      <details>
        <summary>The latest one</summary>
        <dl className="example">
          <dt>Type</dt>
          <dd>
            <code>{type}</code>
          </dd>
          {example.event && (
            <>
              <dt>Event</dt>
              <dd className="foreign">{example.event}</dd>
              <dt>Distinct ID</dt>
              <dd className="foreign">{example.distinct_id}</dd>
              <dt>UUID</dt>
              <dd>
                <code>{example.uuid}</code>
              </dd>
            </>
          )}
          {example.details && (
            <>
              <dt>Details</dt>
              <dd className="foreign">
                <code>{example.details}</code>
              </dd>
            </>
          )}
        </dl>
      </details>
    </li>
  );
}

function Nothing() {
  return (
    <>
      <p>Nothing to warn of: every event was stored as it was sent.</p>
      <p className="muted">
        When an event is stored, but not as its sender may have meant it, you read here what
        happened and what to do: a timestamp in the future, a merge of two people who are both
        identified, a sixth kind of groups. To see one, send an event whose timestamp is{" "}
        <code>yesterday-ish</code>.
      </p>
    </>
  );
}

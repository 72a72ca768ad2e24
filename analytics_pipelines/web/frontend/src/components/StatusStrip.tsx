import type { ReactNode } from "react";

import { durationOf } from "../moment";
import { quantity } from "../quantity";
import type { Resource } from "../resource";
import type { Ingestion } from "../types";
import { webAddress } from "../webAddress";
import { ErrorCard } from "./ErrorCard";
import { Icon } from "./Icon";
import { Skeleton } from "./Skeleton";
import { WebLink } from "./WebLink";

/** Lag beyond this means that ingestion does not keep up: events usually appear within seconds. */
const WORRYING_LAG_SECONDS = 120;

interface Props {
  ingestion: Resource<Ingestion>;
  dagsterUrl: string | null;
}

export function StatusStrip({ ingestion, dagsterUrl }: Props) {
  const { data, error, loading, reload } = ingestion;
  return (
    <section className="card status" aria-label="Ingestion">
      {error && (
        <ErrorCard
          title={data ? "The figures below may be out of date" : "Ingestion status unavailable"}
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      )}
      {data ? (
        <Figures ingestion={data} />
      ) : (
        !error && <Skeleton label="Loading status" size="strip" />
      )}
      {dagsterUrl && webAddress(dagsterUrl) && (
        <p className="status-link">
          <WebLink address={dagsterUrl}>
            Pipelines in Dagster <Icon name="external" />
          </WebLink>
        </p>
      )}
    </section>
  );
}

function Figures({ ingestion }: { ingestion: Ingestion }) {
  const { lag_seconds: lag, pending_objects: pending, dead_letters_total: dead } = ingestion;
  return (
    <dl className="figures">
      <Figure name="Events stored">{quantity(ingestion.events_total)}</Figure>
      <Figure name="Waiting objects" help="Accepted and durable, not yet loaded into the tables.">
        {quantity(pending)}
      </Figure>
      <Figure
        name="Lag"
        help="Age of the oldest accepted object that is not loaded yet."
        worrying={lag !== null && lag > WORRYING_LAG_SECONDS}
      >
        {lag === null ? (pending === 0 ? "none" : "unknown") : durationOf(lag)}
      </Figure>
      <Figure
        name="Dead letters"
        help="Accepted events that could not be read; each is kept with its reason."
        worrying={dead > 0}
      >
        {quantity(dead)}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  name: string;
  help?: string;
  worrying?: boolean;
  children: ReactNode;
}

function Figure({ name, help, worrying = false, children }: FigureProps) {
  return (
    <div className={worrying ? "figure worrying" : "figure"} title={help}>
      <dt>{name}</dt>
      <dd>
        {worrying && <Icon name="warning" />}
        {children}
      </dd>
    </div>
  );
}

import { type MouseEvent, useId, useState } from "react";

import { type LatestEvent, fetchProperties } from "../latestEvent";
import { useResource } from "../resource";
import type { Project } from "../types";
import { CopyButton } from "./CopyButton";
import { ErrorCard } from "./ErrorCard";
import { Icon } from "./Icon";
import { Skeleton } from "./Skeleton";
import { TimeAgo } from "./TimeAgo";
import { WebLink } from "./WebLink";

interface Props {
  event: LatestEvent;
  project: Project;
  /** The row came after the table was first shown. */
  arrived: boolean;
}

export function EventRow({ event, project, arrived }: Props) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [fresh] = useState(arrived);
  const onRowClick = ({ target }: MouseEvent) => {
    const onControl = target instanceof Element && target.closest("a, button");
    if (!onControl && !window.getSelection()?.toString()) setOpen(!open);
  };
  return (
    <>
      <tr className={fresh ? "event-row fresh" : "event-row"} onClick={onRowClick}>
        <td className="column-time">
          <button
            type="button"
            className="icon-button expander"
            aria-expanded={open}
            aria-controls={id}
            aria-label={`Properties of ${event.event}`}
            onClick={() => setOpen(!open)}
          >
            <Icon name="chevron" />
          </button>
          <TimeAgo at={event.timestamp} timezone={project.timezone} />
        </td>
        <td className="foreign" title={event.event}>
          <strong>{event.event}</strong>
        </td>
        <td className="foreign" title={event.distinctId}>
          {event.distinctId}
        </td>
        <td className="foreign wide-only" title={event.url}>
          {event.url ? <WebLink address={event.url} /> : <span className="muted">–</span>}
        </td>
        <td className="foreign wide-only column-library" title={event.library}>
          {event.library || <span className="muted">–</span>}
        </td>
      </tr>
      {open && (
        <tr id={id} className="event-details">
          <td colSpan={5}>
            <Properties projectId={project.id} uuid={event.uuid} />
          </td>
        </tr>
      )}
    </>
  );
}

function Properties({ projectId, uuid }: { projectId: number; uuid: string }) {
  const { data, error, loading, reload } = useResource(`${projectId}:${uuid}`, (signal) =>
    fetchProperties(projectId, uuid, signal),
  );
  if (error) {
    const title = "The properties could not be read";
    return <ErrorCard title={title} error={error} onRetry={reload} retrying={loading} />;
  }
  if (data === undefined) return <Skeleton label="Loading properties" size="strip" />;
  return (
    <div className="code">
      <pre tabIndex={0}>
        <code>{data}</code>
      </pre>
      <CopyButton text={data} />
    </div>
  );
}

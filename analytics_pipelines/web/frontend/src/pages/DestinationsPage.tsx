import { useState } from "react";

import { CopyButton } from "../components/CopyButton";
import { DemoBanner } from "../components/DemoBanner";
import { ErrorCard } from "../components/ErrorCard";
import { PageHeader } from "../components/PageHeader";
import { Skeleton } from "../components/Skeleton";
import { TimeAgo } from "../components/TimeAgo";
import { DestinationForm } from "../destinations/DestinationForm";
import {
  type Destination,
  type Filters,
  type NewDestination,
  createDestination,
  deleteDestination,
  enableDestination,
  fetchDestinations,
  redrive,
  testDestination,
} from "../destinations/api";
import { counted, quantity } from "../quantity";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

const POLL_MS = 5_000;
const MOST_NAMES = 3;

export default function DestinationsPage({ project }: { project: Project }) {
  useTitle("Destinations", project.name);
  const list = useResource(
    `destinations:${project.id}`,
    (signal) => fetchDestinations(project.id, signal),
    POLL_MS,
  );
  const [secret, setSecret] = useState<string | null>(null);
  const create = async (body: NewDestination) => {
    setSecret((await createDestination(project.id, body)).signing_secret);
    list.revalidate();
  };
  return (
    <>
      <PageHeader title="Destinations" />
      {project.is_demo && <DemoBanner />}
      {list.error && (
        <ErrorCard
          title="The destinations could not be loaded"
          error={list.error}
          onRetry={list.reload}
          retrying={list.loading}
        />
      )}
      {!list.data && !list.error && <Skeleton label="Loading the destinations" size="block" />}
      {secret !== null && <Secret secret={secret} />}
      {list.data?.length === 0 && (
        <section className="card" data-testid="no-destinations">
          <h2>Tell other systems of events as they happen</h2>
          <p>
            A destination is told of each event that matches, seconds after it arrived: your own
            server, Slack, Discord or Teams. What fails is tried again.
          </p>
        </section>
      )}
      {list.data && list.data.length > 0 && (
        <section className="card table-scroll" aria-label="All destinations">
          <table>
            <thead>
              <tr>
                {["Name", "State", "Sent", "Waiting", "Last success", "What to do"].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.data.map((one) => (
                <Row key={one.id} project={project} destination={one} onChange={list.revalidate} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {list.data && <DestinationForm onCreate={create} />}
    </>
  );
}

function Secret({ secret }: { secret: string }) {
  return (
    <section className="card" role="status">
      <h2>The signing secret</h2>
      <p>By it the receiver can tell that a message is yours. It is shown this once.</p>
      <div className="code">
        <pre tabIndex={0}>
          <code>{secret}</code>
        </pre>
        <CopyButton text={secret} />
      </div>
    </section>
  );
}

interface RowProps {
  project: Project;
  destination: Destination;
  onChange: () => void;
}

function Row({ project, destination, onChange }: RowProps) {
  const { id, name, url, filters, enabled, health } = destination;
  const [said, setSaid] = useState("");
  const act = (work: () => Promise<string>) => async () => {
    setSaid("…");
    try {
      setSaid(await work());
    } catch (cause) {
      setSaid(cause instanceof Error ? cause.message : String(cause));
    }
    onChange();
  };
  const test = act(async () => {
    const { success, status, error, answer } = await testDestination(project.id, id);
    if (success) return `The receiver took the sample (${status}).`;
    const words = (answer ?? "").trim().slice(0, 200);
    return error ?? `The receiver answered ${status}${words ? `: ${words}` : "."}`;
  });
  const again = act(async () => {
    const { count } = await redrive(project.id, id);
    return `${counted(count, "event")} will be sent again.`;
  });
  const toggle = act(async () => {
    await enableDestination(project.id, id, !enabled);
    return enabled ? "Nothing is sent any more." : "It is told of what arrives from now on.";
  });
  const remove = act(async () => {
    if (!window.confirm(`Delete “${name}”, with what is still to be sent to it?`)) return "";
    await deleteDestination(project.id, id);
    return "";
  });
  return (
    <tr>
      <th scope="row" className="foreign">
        {name}
        <div className="muted">{hostOf(url)}</div>
        <div className="muted">{toldOf(filters)}</div>
      </th>
      <td>
        {health.state}
        {health.state !== "healthy" && health.last_error && (
          <div className="muted foreign">{health.last_error}</div>
        )}
      </td>
      <td>{health.sent.toLocaleString("en")}</td>
      <td>
        {health.backlog.toLocaleString("en")}
        {health.parked > 0 && <div>{health.parked.toLocaleString("en")} parked</div>}
      </td>
      <td>
        {health.last_success_at ? (
          <TimeAgo at={health.last_success_at} timezone={project.timezone} />
        ) : (
          "never"
        )}
      </td>
      <td>
        <div className="card-actions">
          <Action name={name} label="Test" onAct={test} />
          {health.state === "parked" && <Action name={name} label="Send again" onAct={again} />}
          <Action name={name} label={enabled ? "Disable" : "Enable"} onAct={toggle} />
          <Action name={name} label="Delete" onAct={remove} />
        </div>
        <p role="status" className="foreign said">
          {said}
        </p>
      </td>
    </tr>
  );
}

function Action({ name, label, onAct }: { name: string; label: string; onAct: () => void }) {
  return (
    <button type="button" className="button" aria-label={`${label}: ${name}`} onClick={onAct}>
      {label}
    </button>
  );
}

/** Names of events and actions; none of them: every event. */
function toldOf({ events = [], actions = [] }: Filters): string {
  const names = [
    ...events.map(({ id, name }) => name ?? id ?? "every event"),
    ...actions.map(({ id, name }) => `action ${name ?? id}`),
  ];
  if (names.length === 0) return "every event";
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${quantity(more)} more` : "");
}

/** The rest of a chat's URL is as good as a password. */
function hostOf(url: string): string {
  return /^\w+:\/\/([^/?#]+)/.exec(url)?.[1] ?? "";
}

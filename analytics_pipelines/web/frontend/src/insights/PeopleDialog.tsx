import { useState } from "react";

import { Dialog } from "../components/Dialog";
import { ErrorCard } from "../components/ErrorCard";
import { Skeleton } from "../components/Skeleton";
import { TimeAgo } from "../components/TimeAgo";
import { amount, counted, quantity } from "../quantity";
import { useResource } from "../resource";
import { type Actor, countActors, fetchActors } from "./api";
import type { Point } from "./picture";
import type { Question } from "./queries";

interface Props {
  projectId: number;
  timezone: string;
  question: Question;
  point: Point;
  onClose: () => void;
}

const PAGE = 100;

/** Who is behind a point. Where the point counts people, there are just as many. */
export function PeopleDialog({ projectId, timezone, question, point, onClose }: Props) {
  const key = `${projectId}:${JSON.stringify([question, point.asks])}`;
  const [pages, setPages] = useState(1);
  const people = useResource(`${key}:${pages}`, (signal) =>
    fetchActors(projectId, question, point, pages * PAGE, signal),
  );
  const count = useResource(key, (signal) => countActors(projectId, question, point, signal));
  const error = people.error ?? count.error;
  return (
    <Dialog title={point.name} onClose={onClose}>
      {error && (
        <ErrorCard
          title="The people could not be listed"
          error={error}
          onRetry={() => {
            people.reload();
            count.reload();
          }}
        />
      )}
      {people.data && count.data !== undefined ? (
        <div data-testid="people" data-count={count.data}>
          <p role="status">
            {counted(count.data, "person", "people")}
            {!point.ofPeople && ` behind the number ${amount(point.value)}`}
          </p>
          {point.ofPeople && count.data !== Math.abs(point.value) && (
            <p className="notice">
              The chart says {quantity(Math.abs(point.value))}: the data has changed since it was
              computed. Refresh it to see the same number.
            </p>
          )}
          <PeopleTable people={people.data.actors} timezone={timezone} />
          {people.data.more && (
            <button type="button" className="button small" onClick={() => setPages(pages + 1)}>
              Show more
            </button>
          )}
        </div>
      ) : (
        !error && <Skeleton label="Looking for the people" size="block" />
      )}
    </Dialog>
  );
}

function PeopleTable({ people, timezone }: { people: Actor[]; timezone: string }) {
  return (
    <div className="table-scroll people-table" tabIndex={0} role="region" aria-label="People">
      <table>
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Distinct IDs</th>
            <th scope="col">First seen</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id}>
              <th scope="row" className="foreign" title={person.id}>
                {nameOf(person)}
              </th>
              <td className="foreign">
                {person.distinct_ids?.slice(0, 3).join(", ")}
                {(person.distinct_ids?.length ?? 0) > 3 &&
                  ` and ${(person.distinct_ids?.length ?? 0) - 3} more`}
              </td>
              <td>{person.created_at && <TimeAgo at={person.created_at} timezone={timezone} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function nameOf({ id, properties, distinct_ids: ids }: Actor): string {
  const known = [properties?.email, properties?.name, properties?.username, ids?.[0]];
  return String(known.find((one) => typeof one === "string" && one !== "") ?? id);
}

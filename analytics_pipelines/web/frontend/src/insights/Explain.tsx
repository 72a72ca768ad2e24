import { CopyButton } from "../components/CopyButton";
import { Link } from "../components/Link";
import { TimeAgo } from "../components/TimeAgo";
import { WebLink } from "../components/WebLink";
import { sqlPath } from "../location";
import { bytes, counted, quantity } from "../quantity";
import type { Answer, Explanation, Statement } from "./answers";

interface Props {
  projectId: number;
  dagsterUrl: string | null;
  answer: Answer;
  explanation: Explanation;
}

const SOURCES: Record<string, string> = {
  cache: "the cache",
  rollup: "a rollup",
  rollup_and_events: "a rollup, and events newer than it",
  events: "the events themselves",
};

/** Where a number comes from: its SQL, the tables and assets that it was read from, their age and its cost. */
export function Explain({ projectId, dagsterUrl, answer, explanation }: Props) {
  const { statements, tables } = explanation;
  const millis = statements.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const source = SOURCES[explanation.computed_from] ?? explanation.computed_from;
  return (
    <details className="explain" data-testid="explain">
      <summary>Explain</summary>
      <p>
        {explanation.answered_from === "cache" ? "Answered from the cache; computed" : "Computed"}{" "}
        from {source}: {counted(explanation.rows_read, "row")} ({bytes(explanation.bytes_read)})
        read in {quantity(Math.round(millis))} ms.
      </p>
      <div className="table-scroll">
        <table>
          <caption className="visually-hidden">Tables that were read</caption>
          <thead>
            <tr>
              <th scope="col">Table</th>
              <th scope="col">Made by the asset</th>
              <th scope="col">Data changed</th>
              <th scope="col">Rollup built</th>
            </tr>
          </thead>
          <tbody>
            {tables.map(({ table, asset, changed_at, built_at, days_waiting }) => (
              <tr key={table}>
                <th scope="row">{table}</th>
                <td>
                  {dagsterUrl ? (
                    <WebLink address={assetAddress(dagsterUrl, asset)}>{asset}</WebLink>
                  ) : (
                    asset
                  )}
                </td>
                <td>{changed_at ? <TimeAgo at={changed_at} timezone={answer.timezone} /> : "–"}</td>
                <td>
                  {built_at ? <TimeAgo at={built_at} timezone={answer.timezone} /> : "–"}
                  {Boolean(days_waiting) && `, ${counted(days_waiting ?? 0, "day")} to be built`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {statements.map((statement, index) => (
        <ShownStatement key={index} projectId={projectId} statement={statement} />
      ))}
    </details>
  );
}

function ShownStatement({ projectId, statement }: { projectId: number; statement: Statement }) {
  const { hogql, sql, rows, milliseconds } = statement;
  const parameters = Object.entries(statement.parameters ?? {});
  return (
    <div className="statement">
      <p className="muted">
        {counted(rows, "row")} read, {quantity(Math.round(milliseconds))} ms ·{" "}
        <Link to={sqlPath(projectId, hogql)}>Open in the SQL page</Link>
      </p>
      <div className="code">
        <pre tabIndex={0}>
          <code>{hogql}</code>
        </pre>
        <CopyButton text={hogql} />
      </div>
      <details>
        <summary className="muted">As ClickHouse ran it</summary>
        <div className="code">
          <pre tabIndex={0}>
            <code>
              {sql}
              {parameters.map(([name, value]) => `\n-- ${name} = ${value}`)}
            </code>
          </pre>
          <CopyButton text={sql} />
        </div>
      </details>
    </div>
  );
}

function assetAddress(dagsterUrl: string, asset: string): string {
  return `${dagsterUrl.replace(/\/$/, "")}/assets/${asset}`;
}

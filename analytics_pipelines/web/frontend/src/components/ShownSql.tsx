import { sqlPath } from "../location";
import { CopyButton } from "./CopyButton";
import { Link } from "./Link";

export function ShownSql({ projectId, sql }: { projectId: number; sql: string }) {
  return (
    <details className="shown-sql">
      <summary>Show SQL</summary>
      <div className="code">
        <pre tabIndex={0}>
          <code>{sql}</code>
        </pre>
        <CopyButton text={sql} />
      </div>
      <Link to={sqlPath(projectId, sql)}>Open in the SQL page</Link>
    </details>
  );
}

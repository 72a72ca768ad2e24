import type { ApiError } from "../api";
import { errorPlace } from "../queryError";
import { Icon } from "./Icon";

interface Props {
  error: ApiError;
  sql: string;
  onSelect?: (from: number, to: number) => void;
}

/** The query with its offending part marked. */
export function SqlError({ error, sql, onSelect }: Props) {
  const place = errorPlace(sql, error.start, error.end);
  return (
    <div className="error-card sql-error" role="alert">
      <Icon name="warning" />
      <div className="error-text">
        <strong>The query is not valid</strong>
        <p>{error.message}</p>
        {place && (
          <>
            <p className="muted">
              Line {place.line}, column {place.column}
            </p>
            <pre tabIndex={0}>
              <code>
                {sql.slice(0, place.from)}
                {place.from < place.to ? (
                  <mark>{sql.slice(place.from, place.to)}</mark>
                ) : (
                  <span className="caret" />
                )}
                {sql.slice(place.to)}
              </code>
            </pre>
          </>
        )}
      </div>
      {place && onSelect && (
        <button type="button" className="button" onClick={() => onSelect(place.from, place.to)}>
          Go to it
        </button>
      )}
    </div>
  );
}

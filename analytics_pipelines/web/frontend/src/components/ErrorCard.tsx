import { ApiError } from "../api";
import { Icon } from "./Icon";

interface Props {
  title: string;
  error: Error;
  onRetry: () => void;
  retrying?: boolean;
  action?: string;
}

export function ErrorCard({ title, error, onRetry, retrying = false, action = "Retry" }: Props) {
  return (
    <div className="error-card" role="alert">
      <Icon name="warning" />
      <div className="error-text">
        <strong>{title}</strong>
        <p>{error.message}</p>
        {error instanceof ApiError && error.status !== null && error.code && (
          <p className="muted">
            Status {error.status} · {error.code}
          </p>
        )}
      </div>
      <button type="button" className="button" onClick={onRetry} disabled={retrying}>
        {retrying ? "Retrying…" : action}
      </button>
    </div>
  );
}

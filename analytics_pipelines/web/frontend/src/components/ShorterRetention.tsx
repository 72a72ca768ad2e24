import type { MouseEvent } from "react";

import { type WouldGo, fetchWouldGo } from "../api";
import { counted } from "../quantity";
import { useResource } from "../resource";
import type { RETENTION } from "../settingsDraft";
import { Dialog } from "./Dialog";
import { ErrorCard } from "./ErrorCard";

type Rule = (typeof RETENTION)[number];

/** Of each rule: what goes, and what is older than the day that it begins with. */
const WHAT: Record<Rule, { one: string; many: string; older: string }> = {
  event_retention_days: { one: "event", many: "Events", older: "that happened before" },
  dead_letter_retention_days: {
    one: "dead letter",
    many: "Dead letters",
    older: "that arrived before",
  },
  recording_retention_days: { one: "", many: "Session recordings", older: "that arrived before" },
  export_retention_days: { one: "", many: "Exported files", older: "of hours and days before" },
};

interface Props {
  projectId: number;
  /** The rules that become shorter, in days. */
  shorter: Partial<Record<Rule, number>>;
  onConfirm: () => void;
  onClose: () => void;
}

/** Says what would go before it does. */
export function ShorterRetention({ projectId, shorter, onConfirm, onClose }: Props) {
  const preview = useResource(`retention:${projectId}:${JSON.stringify(shorter)}`, (signal) =>
    fetchWouldGo(projectId, shorter, signal),
  );
  const rules = Object.entries(preview.data ?? {}) as [Rule, WouldGo][];
  const counting = !preview.data && !preview.error;
  return (
    <Dialog title="Delete what is older?" onClose={onClose}>
      <div role="status" className="would-go">
        {counting && <p>Counting what would go…</p>}
        {rules.length > 0 && (
          <ul>
            {rules.map(([rule, { kept_from, rows }]) => (
              <li key={rule}>
                <strong>
                  {rows === null
                    ? WHAT[rule].many
                    : rows === 0
                      ? `No ${WHAT[rule].one}`
                      : counted(rows, WHAT[rule].one)}
                </strong>{" "}
                {WHAT[rule].older} <time dateTime={kept_from}>{day(kept_from)}</time> (UTC)
              </li>
            ))}
          </ul>
        )}
      </div>
      {preview.error && (
        <ErrorCard
          title="What would go could not be counted"
          error={preview.error}
          onRetry={preview.reload}
          retrying={preview.loading}
        />
      )}
      <p>
        This goes the coming night, and so does every day that becomes as old. Nothing brings it back: not
        a longer time later, and not loading the day again.
      </p>
      <div className="form-actions">
        <button
          type="button"
          className="button danger"
          aria-disabled={counting}
          onClick={(event) => {
            if (counting) return;
            close(event);
            onConfirm();
          }}
        >
          Save, and delete it
        </button>
        <button type="button" className="button" onClick={close}>
          Keep it
        </button>
      </div>
    </Dialog>
  );
}

/** The dialog itself, so that the browser gives the focus back. */
function close(event: MouseEvent<HTMLElement>): void {
  event.currentTarget.closest("dialog")?.close();
}

function day(iso: string): string {
  const format = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });
  return format.format(Date.parse(`${iso}T00:00:00Z`));
}

import { type KeyboardEvent, useEffect, useState } from "react";

import type { SqlQuery } from "../insights/queries";

interface Props {
  question: SqlQuery;
  onChange: (question: SqlQuery) => void;
}

export function SqlFields({ question, onChange }: Props) {
  const [draft, setDraft] = useState(question.query);
  useEffect(() => setDraft(question.query), [question.query]);
  const run = () => {
    if (draft.trim() && draft !== question.query) onChange({ ...question, query: draft });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    run();
  };
  return (
    <div className="sql-form">
      <label htmlFor="insight-sql">Query</label>
      <textarea
        id="insight-sql"
        value={draft}
        rows={Math.min(Math.max(draft.split("\n").length + 1, 5), 20)}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-keyshortcuts="Control+Enter Meta+Enter"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="sql-actions">
        <button
          type="button"
          className="button primary"
          disabled={!draft.trim() || draft === question.query}
          onClick={run}
        >
          Run
        </button>
        <span className="muted">
          On a dashboard, its dates and filters hold where the query says <code>{"{filters}"}</code>.
        </span>
      </div>
    </div>
  );
}

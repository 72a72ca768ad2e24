import { type KeyboardEvent, useEffect, useRef, useState } from "react";

import { DemoBanner } from "../components/DemoBanner";
import { PageHeader } from "../components/PageHeader";
import { SqlExamples } from "../components/SqlExamples";
import { SqlRun } from "../components/SqlRun";
import { navigate, sqlPath, useSearch } from "../location";
import { useTitle } from "../title";
import type { Project } from "../types";

/** The address holds the query that was run: a link shows its result, and "back" the one before. */
export function SqlPage({ project }: { project: Project }) {
  useTitle("SQL", project.name);
  const asked = new URLSearchParams(useSearch()).get("q") ?? "";
  const [draft, setDraft] = useState(asked);
  const [runs, setRuns] = useState(0);
  const editor = useRef<HTMLTextAreaElement>(null);
  useEffect(() => setDraft(asked), [asked]);

  const run = (sql: string) => {
    if (!sql.trim()) return;
    if (sql !== asked) navigate(sqlPath(project.id, sql));
    setRuns(runs + 1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    run(draft);
  };
  const select = (from: number, to: number) => {
    setDraft(asked);
    requestAnimationFrame(() => {
      editor.current?.focus();
      editor.current?.setSelectionRange(from, to);
    });
  };

  return (
    <>
      <PageHeader title="SQL" />
      {project.is_demo && <DemoBanner />}
      <form
        className="card sql-form"
        onSubmit={(event) => {
          event.preventDefault();
          run(draft);
        }}
      >
        <label htmlFor="sql">Query</label>
        <textarea
          id="sql"
          ref={editor}
          data-testid="sql-editor"
          value={draft}
          rows={Math.min(Math.max(draft.split("\n").length + 1, 5), 20)}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-keyshortcuts="Control+Enter Meta+Enter"
          placeholder="select event, count() from events group by event"
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="sql-actions">
          <button type="submit" className="button primary" disabled={!draft.trim()}>
            Run
          </button>
          <span className="muted wide-only">
            <kbd>Ctrl</kbd> or <kbd>⌘</kbd> + <kbd>Enter</kbd>
          </span>
        </div>
        <SqlExamples onChoose={run} />
      </form>
      {asked && (
        <SqlRun key={`${runs}:${asked}`} projectId={project.id} sql={asked} onSelect={select} />
      )}
    </>
  );
}

import { useMemo } from "react";

import { Segmented } from "../components/Segmented";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { PageHeader } from "../components/PageHeader";
import { Skeleton } from "../components/Skeleton";
import { Editor } from "../editor/Editor";
import { CatalogProvider } from "../editor/catalogContext";
import { questionIn, withQuestion } from "../insights/address";
import { type Insight, fetchInsight, insightName } from "../insights/api";
import { useCatalog } from "../insights/catalog";
import { Result } from "../insights/Result";
import { SaveBar } from "../insights/SaveBar";
import { KINDS, asKind, kindLabel, knownQuestion, missing } from "../insights/kinds";
import { isObject, questionOf } from "../insights/queries";
import { navigate, pagePath, useSearch } from "../location";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

const KIND_OPTIONS = KINDS.map(({ kind, label }) => ({ value: kind, label }));

/** One insight: a new one, or one that is saved. The address holds the question as it is edited. */
export default function InsightPage({ item, ...place }: Props) {
  if (item === "new") return <Workbench {...place} saved={null} onSaved={() => {}} />;
  return <SavedInsight key={item} {...place} item={item} />;
}

interface Place {
  project: Project;
  dagsterUrl: string | null;
}

interface Props extends Place {
  item: string;
}

function SavedInsight({ item, ...place }: Props) {
  const { project } = place;
  const { data, error, reload, revalidate, loading } = useResource(
    `insight:${project.id}:${item}`,
    (signal) => fetchInsight(project.id, item, signal),
  );
  if (data) return <Workbench key={data.id} {...place} saved={data} onSaved={revalidate} />;
  return (
    <>
      <PageHeader title="Insight" />
      {error ? (
        <ErrorCard
          title="The insight could not be loaded"
          error={error}
          onRetry={reload}
          retrying={loading}
        />
      ) : (
        <Skeleton label="Loading the insight" size="chart" />
      )}
    </>
  );
}

interface WorkbenchProps extends Place {
  saved: Insight | null;
  onSaved: () => void;
}

function Workbench({ project, dagsterUrl, saved, onSaved }: WorkbenchProps) {
  useTitle(saved ? insightName(saved) : "New insight", project.name);
  const search = useSearch();
  const inside = questionOf(saved?.query);
  const stored = knownQuestion(inside);
  const edited = useMemo(() => questionIn(search), [search]);
  const question = edited ?? stored ?? asKind(null, "TrendsQuery");
  const { catalog, error } = useCatalog(project.id);
  const known = useMemo(() => ({ ...catalog, projectId: project.id }), [catalog, project.id]);
  const dashboard = Number(new URLSearchParams(search).get("dashboard")) || null;
  const lacking = missing(question);
  const change = (next: typeof question) =>
    navigate(window.location.pathname + withQuestion(next, window.location.search));

  if (saved && !stored && !edited) {
    const kind = isObject(inside) ? String(inside.kind) : "unknown";
    return (
      <>
        <PageHeader title={insightName(saved)} />
        <p className="card">Insights of the kind {kind} can be asked by the API, not yet here.</p>
      </>
    );
  }
  return (
    <CatalogProvider value={known}>
      <Link to={pagePath("insights", project.id)} className="back-link">
        All insights
      </Link>
      <header className="page-header">
        <h1 className="visually-hidden">{saved ? insightName(saved) : "New insight"}</h1>
        <SaveBar
          projectId={project.id}
          question={question}
          saved={saved}
          dashboard={dashboard}
          changed={!stored || JSON.stringify(question) !== JSON.stringify(stored)}
          onSaved={onSaved}
        />
      </header>
      <section className="card editor" aria-label={`Question: ${kindLabel(question.kind)}`}>
        <Segmented
          label="Kind of insight"
          options={KIND_OPTIONS}
          value={question.kind}
          onChange={(kind) => change(asKind(question, kind))}
        />
        <p className="muted">{KINDS.find(({ kind }) => kind === question.kind)?.answers}</p>
        {error && (
          <p role="alert" className="field-error">
            The names of events and properties could not be loaded: {error.message}
          </p>
        )}
        <Editor question={question} onChange={change} />
      </section>
      {lacking ? (
        <p className="card muted">{lacking}</p>
      ) : (
        <Result projectId={project.id} dagsterUrl={dagsterUrl} question={question} />
      )}
    </CatalogProvider>
  );
}

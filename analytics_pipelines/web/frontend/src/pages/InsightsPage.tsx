import { useDeferredValue, useState } from "react";

import { DemoBanner } from "../components/DemoBanner";
import { ErrorCard } from "../components/ErrorCard";
import { Link } from "../components/Link";
import { PageHeader } from "../components/PageHeader";
import { Skeleton } from "../components/Skeleton";
import { TimeAgo } from "../components/TimeAgo";
import { withQuestion } from "../insights/address";
import { type Insight, fetchInsights, insightName } from "../insights/api";
import { KINDS, asKind, kindLabel } from "../insights/kinds";
import { isObject, questionOf } from "../insights/queries";
import { insightPath, newInsightPath } from "../location";
import { counted } from "../quantity";
import { useResource } from "../resource";
import { useTitle } from "../title";
import type { Project } from "../types";

/** The saved insights, and a beginning for each kind of a new one. */
export default function InsightsPage({ project }: { project: Project }) {
  useTitle("Insights", project.name);
  const [text, setText] = useState("");
  const search = useDeferredValue(text.trim());
  const insights = useResource(`insights:${project.id}:${search}`, (signal) =>
    fetchInsights(project.id, search, signal),
  );
  return (
    <>
      <PageHeader title="Insights">
        <Link to={newInsightPath(project.id)} className="button primary">
          New insight
        </Link>
      </PageHeader>
      {project.is_demo && <DemoBanner />}
      <nav aria-label="Kinds of insights" className="kinds">
        {KINDS.map(({ kind, label, answers }) => (
          <Link key={kind} to={newInsightPath(project.id, withQuestion(asKind(null, kind)))}>
            <strong>{label}</strong>
            <span className="muted">{answers}</span>
          </Link>
        ))}
      </nav>
      <section className="card" aria-label="Saved insights" aria-busy={insights.loading}>
        <input
          type="search"
          className="search"
          aria-label="Search the saved insights"
          placeholder="Search"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {insights.error && (
          <ErrorCard
            title="The insights could not be loaded"
            error={insights.error}
            onRetry={insights.reload}
            retrying={insights.loading}
          />
        )}
        {!insights.data && !insights.error && <Skeleton label="Loading" size="block" />}
        {insights.data?.length === 0 &&
          (search ? (
            <p>No saved insight has “{search}” in its name.</p>
          ) : (
            <p>
              No insight is saved yet. Choose a kind above, ask, give the answer a name and save it:
              then it is found here, and can stand on a dashboard.
            </p>
          ))}
        {insights.data && insights.data.length > 0 && (
          <InsightTable project={project} insights={insights.data} />
        )}
      </section>
    </>
  );
}

function InsightTable({ project, insights }: { project: Project; insights: Insight[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">On</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {insights.map((insight) => {
          const question = questionOf(insight.query);
          return (
            <tr key={insight.id}>
              <th scope="row" className="foreign">
                <Link to={insightPath(project.id, insight.short_id)}>{insightName(insight)}</Link>
              </th>
              <td>{kindLabel(isObject(question) ? question.kind : null)}</td>
              <td>{counted(insight.dashboards.length, "dashboard")}</td>
              <td>
                <TimeAgo at={insight.last_modified_at} timezone={project.timezone} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

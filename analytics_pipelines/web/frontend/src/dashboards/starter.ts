import { createInsight } from "../insights/api";
import { asKind } from "../insights/kinds";
import type { PathsQuery, Question, Series } from "../insights/queries";
import { type Dashboard, createDashboard } from "./api";

/** A dashboard to begin with: one insight of each kind, about the events that the project has. */

export function starterInsights(events: readonly string[]): { name: string; query: Question }[] {
  const main = events.includes("$pageview") ? "$pageview" : (events[0] ?? null);
  const own = events.filter((event) => !event.startsWith("$"));
  const node = (event: string | null): Series => ({ kind: "EventsNode", event });
  const trend = asKind(null, "TrendsQuery") as Extract<Question, { kind: "TrendsQuery" }>;
  const about = (series: Series[]) => ({ ...trend, series, dateRange: { date_from: "-30d" } });
  const people = about([{ ...node(null), math: "dau" }]);
  const steps = [main, ...own.filter((event) => event !== main)].slice(0, 3);
  const of = about([node(main)]);
  const everything = asKind({ ...of, dateRange: { date_from: "-7d" } }, "PathsQuery") as PathsQuery;
  const pages = { ...everything.pathsFilter, includeEventTypes: ["$pageview"] };
  const paths = main === "$pageview" ? { ...everything, pathsFilter: pages } : everything;
  return [
    {
      name: "People, last 30 days",
      query: { ...people, trendsFilter: { display: "BoldNumber" }, compareFilter: { compare: true } },
    },
    { name: "People a day", query: people },
    {
      name: "Events a day, by name",
      query: {
        ...about([node(null)]),
        trendsFilter: { display: "ActionsBar" },
        breakdownFilter: { breakdowns: [{ type: "event_metadata", property: "event" }] },
      },
    },
    ...(steps.length > 1
      ? [{ name: "From step to step", query: { ...asKind(about(steps.map(node)), "FunnelsQuery") } }]
      : []),
    { name: "Who comes back", query: asKind(of, "RetentionQuery") },
    { name: "New, returning, gone", query: asKind(about([node(null)]), "LifecycleQuery") },
    { name: "Days active", query: asKind(about([node(null)]), "StickinessQuery") },
    { name: "Where people go", query: paths },
    { name: "Most frequent events", query: asKind(null, "HogQLQuery") },
  ];
}

/** An insight that cannot be saved does not keep the others from it; that none can be is an error. */
export async function createStarter(
  projectId: number,
  events: readonly string[],
): Promise<Dashboard> {
  const dashboard = await createDashboard(projectId, "Start here");
  const failures: unknown[] = [];
  const insights = starterInsights(events);
  for (const insight of insights) {
    try {
      await createInsight(projectId, { ...insight, dashboards: [dashboard.id] });
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length === insights.length) throw failures[0];
  return dashboard;
}

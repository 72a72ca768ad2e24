/** Questions in PostHog's shapes, as far as the pages build them; fields that they don't know stay as they are. */

export interface PropertyFilter {
  type: string;
  key: string;
  operator: string;
  value?: unknown;
}

interface AnySeries {
  name?: string;
  custom_name?: string;
  math?: string;
  math_property?: string;
  properties?: PropertyFilter[];
}

export interface EventsNode extends AnySeries {
  kind: "EventsNode";
  /** null: all events. */
  event: string | null;
}

export interface ActionsNode extends AnySeries {
  kind: "ActionsNode";
  id: number;
}

export type Series = EventsNode | ActionsNode;

export type Interval = "minute" | "hour" | "day" | "week" | "month";

export interface DateRange {
  date_from?: string | null;
  date_to?: string | null;
}

export interface Breakdown {
  type: string;
  property: string;
}

interface Filtered {
  dateRange?: DateRange;
  properties?: PropertyFilter[];
  filterTestAccounts?: boolean;
}

export interface TrendsQuery extends Filtered {
  kind: "TrendsQuery";
  series: Series[];
  interval?: Interval;
  /** `breakdown` and its type are the older way to write a single one. */
  breakdownFilter?: { breakdowns?: Breakdown[]; breakdown?: string; breakdown_type?: string };
  trendsFilter?: { display?: Display; formulaNodes?: { formula: string }[] };
  compareFilter?: { compare?: boolean };
}

export type Display =
  | "ActionsLineGraph"
  | "ActionsLineGraphCumulative"
  | "ActionsAreaGraph"
  | "ActionsBar"
  | "BoldNumber"
  | "ActionsBarValue"
  | "ActionsPie"
  | "ActionsTable"
  | "WorldMap";

export type FunnelView = "steps" | "trends" | "time_to_convert";

export interface FunnelsQuery extends Filtered {
  kind: "FunnelsQuery";
  series: Series[];
  interval?: Interval;
  breakdownFilter?: { breakdown?: string; breakdown_type?: string };
  funnelsFilter?: {
    funnelVizType?: FunnelView;
    funnelOrderType?: "ordered" | "strict" | "unordered";
    funnelWindowInterval?: number;
    funnelWindowIntervalUnit?: string;
  };
}

export type Period = "Hour" | "Day" | "Week" | "Month";

export interface Entity {
  id: string | number | null;
  name?: string;
  type: "events" | "actions";
}

export interface RetentionQuery extends Filtered {
  kind: "RetentionQuery";
  retentionFilter: {
    period?: Period;
    totalIntervals?: number;
    targetEntity?: Entity;
    returningEntity?: Entity;
    retentionType?: "retention_recurring" | "retention_first_time";
    cumulative?: boolean;
    display?: Display;
  };
}

export interface LifecycleQuery extends Filtered {
  kind: "LifecycleQuery";
  series: Series[];
  interval?: Interval;
}

export interface StickinessQuery extends Filtered {
  kind: "StickinessQuery";
  series: Series[];
  interval?: Interval;
  stickinessFilter?: { computedAs?: "cumulative" | "non_cumulative" };
}

export interface PathsQuery extends Filtered {
  kind: "PathsQuery";
  pathsFilter?: {
    includeEventTypes?: string[];
    startPoint?: string;
    endPoint?: string;
    stepLimit?: number;
    edgeLimit?: number;
  };
}

export interface SqlQuery {
  kind: "HogQLQuery";
  query: string;
}

export type Question =
  | TrendsQuery
  | FunnelsQuery
  | RetentionQuery
  | LifecycleQuery
  | StickinessQuery
  | PathsQuery
  | SqlQuery;

export type QuestionKind = Question["kind"];

/** Questions with a list of series. */
export type SeriesQuestion = TrendsQuery | FunnelsQuery | LifecycleQuery | StickinessQuery;

export function hasSeries(question: Question): question is SeriesQuestion {
  return "series" in question && Array.isArray(question.series);
}

const WRAPPERS = ["InsightVizNode", "DataTableNode", "DataVisualizationNode"];

/** A saved insight's query says how it is shown; the question is inside. */
export function questionOf(query: unknown): unknown {
  let inner = query;
  while (isObject(inner) && WRAPPERS.includes(String(inner.kind)) && isObject(inner.source)) {
    inner = inner.source;
  }
  return inner;
}

/** The other way round: as an insight is saved. */
export function savedQuery(question: Question): object {
  const kind = question.kind === "HogQLQuery" ? "DataVisualizationNode" : "InsightVizNode";
  return { kind, source: question };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

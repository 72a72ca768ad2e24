import { mathOf } from "./maths";
import {
  type Question,
  type QuestionKind,
  type Series,
  type SeriesQuestion,
  hasSeries,
  isObject,
} from "./queries";

/** The kinds of insights: what each is called and answers, and a question to begin with. */

export const KINDS: readonly { kind: QuestionKind; label: string; answers: string }[] = [
  { kind: "TrendsQuery", label: "Trends", answers: "How often something happens, over time." },
  { kind: "FunnelsQuery", label: "Funnels", answers: "How many get from one step to the next." },
  { kind: "RetentionQuery", label: "Retention", answers: "How many come back, and when." },
  {
    kind: "LifecycleQuery",
    label: "Lifecycle",
    answers: "Who is new, keeps coming, came back, or went quiet.",
  },
  {
    kind: "StickinessQuery",
    label: "Stickiness",
    answers: "On how many days (or weeks) people were active.",
  },
  { kind: "PathsQuery", label: "Paths", answers: "Where people go, step by step." },
  { kind: "HogQLQuery", label: "SQL", answers: "Anything else, in your own words." },
];

export function kindLabel(kind: unknown): string {
  return KINDS.find((one) => one.kind === kind)?.label ?? "Insight";
}

const SQL_TO_BEGIN_WITH =
  "select event, count() as events\nfrom events\nwhere {filters}\ngroup by event\norder by events desc\nlimit 20";

const ALL_EVENTS: Series = { kind: "EventsNode", event: null };

/** The question of another kind, about the same events, people and time as far as it has them. */
export function asKind(from: Question | null, kind: QuestionKind): Question {
  if (kind === "HogQLQuery") return { kind, query: SQL_TO_BEGIN_WITH };
  const common = from === null || from.kind === "HogQLQuery" ? {} : commonOf(from);
  const series = from && hasSeries(from) ? withoutMath(from) : [ALL_EVENTS];
  switch (kind) {
    case "TrendsQuery":
      return { kind, ...common, series, interval: "day" };
    case "FunnelsQuery":
      return { kind, ...common, series: from && hasSeries(from) ? series : [] };
    case "RetentionQuery": {
      const entity = entityOf(series[0] ?? ALL_EVENTS);
      const filter = { targetEntity: entity, returningEntity: entity };
      const { dateRange: _, ...rest } = common;
      return { kind, ...rest, retentionFilter: { period: "Day", totalIntervals: 8, ...filter } };
    }
    case "LifecycleQuery":
      return { kind, ...common, series: series.slice(0, 1), interval: "day" };
    case "StickinessQuery":
      return { kind, ...common, series, interval: "day" };
    case "PathsQuery":
      return { kind, ...common, pathsFilter: { stepLimit: 5, edgeLimit: 50 } };
  }
}

function commonOf({ dateRange, properties, filterTestAccounts }: Exclude<Question, { kind: "HogQLQuery" }>) {
  return {
    ...(dateRange && { dateRange }),
    ...(properties && { properties }),
    ...(filterTestAccounts && { filterTestAccounts }),
  };
}

function withoutMath({ series }: SeriesQuestion): Series[] {
  return series.map(({ math: _math, math_property: _property, ...rest }) => rest as Series);
}

export function entityOf(series: Series) {
  return series.kind === "ActionsNode"
    ? ({ id: series.id, name: series.name ?? "", type: "actions" } as const)
    : ({ id: series.event, name: series.event ?? "All events", type: "events" } as const);
}

/** Something that came from outside, as a question; null when it is none that these pages can edit. */
export function knownQuestion(value: unknown): Question | null {
  if (!isObject(value) || !KINDS.some(({ kind }) => kind === value.kind)) return null;
  const question = value as unknown as Question;
  switch (question.kind) {
    case "HogQLQuery":
      return typeof question.query === "string" ? question : null;
    case "RetentionQuery":
      return isObject(question.retentionFilter ?? {})
        ? { ...question, retentionFilter: question.retentionFilter ?? {} }
        : null;
    case "PathsQuery":
      return question;
    default:
      return Array.isArray(question.series) && question.series.every(isObject) ? question : null;
  }
}

/** What is still to be chosen before the question can be asked, or null. */
export function missing(question: Question): string | null {
  if (question.kind === "HogQLQuery") return question.query.trim() ? null : "Write a query.";
  if (question.kind === "FunnelsQuery" && question.series.length < 2) {
    return "A funnel needs two steps or more: choose the events that people go through, in order.";
  }
  if (hasSeries(question) && question.series.length === 0) return "Choose an event to count.";
  return null;
}

/** The name of a series with the way it is counted, where that is not all there is of it. */
export function seriesLabel(series: Series): string {
  const { value, label } = mathOf(series.math);
  if (value === "total") return seriesName(series);
  const of = series.math_property ? ` of ${series.math_property}` : "";
  const math = `${label.replace(" of a property", "").toLowerCase()}${of}`;
  return `${seriesName(series)}, ${math}`;
}

export function seriesName(series: Series): string {
  const given = series.custom_name || (series.kind === "ActionsNode" ? series.name : null);
  if (given) return given;
  return series.kind === "ActionsNode" ? `Action ${series.id}` : (series.event ?? "All events");
}

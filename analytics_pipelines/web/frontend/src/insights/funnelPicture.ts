import { bucketName, millisOf } from "../moment";
import { percent, quantity, timeSpan } from "../quantity";
import { type Answer, badAnswer, isNumbers, rowsOf } from "./answers";
import { incompleteFrom, intervalOf } from "./buckets";
import { type Cartesian, type Cell, type Picture, type Point, type Step, type StepBar, colorOf } from "./picture";
import { type FunnelsQuery, isObject } from "./queries";
import { breakdownName } from "./trendsPicture";

interface StepRow {
  order: number;
  name: string | null;
  custom_name?: string | null;
  count: number;
  average_conversion_time: number | null;
  median_conversion_time: number | null;
  breakdown_value?: unknown;
}

interface RateRow {
  /** Percent. */
  data: number[];
  days: string[];
  reached_from_step_count?: number[];
  reached_to_step_count?: number[];
  breakdown_value?: unknown;
}

export function funnelPicture(query: FunnelsQuery, answer: Answer, now: number): Picture {
  switch (query.funnelsFilter?.funnelVizType) {
    case "trends":
      return ratesPicture(query, answer, now);
    case "time_to_convert":
      return timePicture(answer);
    default:
      return stepsPicture(answer);
  }
}

/** One funnel, or one a value of the breakdown. */
function funnelsOf(results: unknown): StepRow[][] {
  const isRow = (row: Partial<StepRow>) => typeof row.count === "number";
  const lacks = "the count of a step";
  if (!Array.isArray(results)) throw badAnswer("has no steps");
  if (!results.some(Array.isArray)) return [rowsOf<StepRow>(results, isRow, lacks)];
  return results.map((steps) => rowsOf<StepRow>(steps, isRow, lacks));
}

function stepsPicture(answer: Answer): Picture {
  const funnels = funnelsOf(answer.results).filter((steps) => steps.length > 0);
  const names = (funnels[0] ?? []).map((row) => row.custom_name || row.name || `Step ${row.order + 1}`);
  const steps: Step[] = names.map((name, place) => ({
    name,
    bars: funnels.map((rows, index) => barOf(rows, place, index, name)),
  }));
  const first = steps[0]?.bars ?? [];
  const entered = first.reduce((sum, bar) => sum + bar.count, 0);
  const columns = ["People", "Of the first step", "Of the step before", "Dropped before it", "Average time", "Median time"];
  return {
    summary: `A funnel of ${steps.length} steps. ${steps
      .map(({ name, bars }) => {
        const count = bars.reduce((sum, bar) => sum + bar.count, 0);
        return `${name}: ${quantity(count)} (${percent(entered ? count / entered : 0)}).`;
      })
      .join(" ")}`,
    chart: { type: "steps", steps },
    table: {
      caption: "Steps of the funnel",
      head: "Step",
      columns: columns.map((name) => ({ name, numeric: true })),
      rows: steps.flatMap(({ name, bars }, place) =>
        bars.map((bar) => ({
          head: `${place + 1}. ${name}${bar.name && ` · ${bar.name}`}`,
          color: bar.color,
          cells: [
            { text: quantity(bar.count), point: bar.converted },
            { text: percent(bar.share) },
            { text: bar.ofPrevious === null ? "–" : percent(bar.ofPrevious) },
            { text: place === 0 ? "–" : quantity(bar.dropped), point: bar.lost },
            { text: bar.averageSeconds === null ? "–" : timeSpan(bar.averageSeconds) },
            { text: bar.medianSeconds === null ? "–" : timeSpan(bar.medianSeconds) },
          ],
        })),
      ),
    },
    empty: entered === 0,
  };
}

function barOf(rows: StepRow[], place: number, funnel: number, step: string): StepBar {
  const row = rows[place];
  if (!row) throw badAnswer("lacks a step of a breakdown");
  const entered = rows[0]?.count ?? 0;
  const before = place === 0 ? null : (rows[place - 1]?.count ?? 0);
  const dropped = before === null ? 0 : before - row.count;
  const name = row.breakdown_value == null ? "" : breakdownName(row.breakdown_value);
  const of = name && ` · ${name}`;
  return {
    name,
    color: colorOf(funnel),
    count: row.count,
    share: entered ? row.count / entered : 0,
    ofPrevious: before === null ? null : before ? row.count / before : 0,
    dropped,
    averageSeconds: row.average_conversion_time,
    medianSeconds: row.median_conversion_time,
    converted: stepPoint(`Reached “${step}”${of}`, row.count, place + 1, row),
    lost: place === 0 ? null : stepPoint(`Dropped before “${step}”${of}`, dropped, -(place + 1), row),
  };
}

function stepPoint(name: string, value: number, step: number, row: StepRow): Point {
  return {
    name,
    value,
    ofPeople: true,
    asks: {
      kind: "FunnelsActorsQuery",
      funnelStep: step,
      ...(row.breakdown_value != null && { funnelStepBreakdown: row.breakdown_value }),
    },
  };
}

function ratesPicture(query: FunnelsQuery, answer: Answer, now: number): Picture {
  const rows = rowsOf<RateRow>(
    answer.results,
    (row) => isNumbers(row.data) && row.data.length === row.days?.length,
    "a rate for each day",
  );
  const interval = intervalOf(query);
  const days = rows[0]?.days ?? [];
  const cut = incompleteFrom(days, interval, millisOf(answer.last_refresh) ?? now, answer.timezone);
  const nameOf = (row: RateRow) =>
    row.breakdown_value == null ? "Conversion" : breakdownName(row.breakdown_value);
  const categories = days.map((day) => bucketName(day, interval));
  const chart: Cartesian = {
    type: "cartesian",
    categories,
    categoryName: interval,
    valueName: "Conversion (%)",
    incompleteFrom: cut,
    lines: rows.map((row, index) => ({
      name: nameOf(row),
      shape: "line",
      color: colorOf(index),
      values: row.data,
      points: row.days.map((_, place) => ratePoint(row, place)),
    })),
  };
  return {
    summary: `Conversion by ${interval}, in percent. ${rows
      .map((row) => `${nameOf(row)}: last ${percent((row.data.at(-1) ?? 0) / 100)}.`)
      .join(" ")}`,
    chart,
    table: {
      caption: `Conversion by ${interval}`,
      head: "Series",
      columns: categories.map((name) => ({ name, numeric: true })),
      rows: rows.map((row, index) => ({
        head: nameOf(row),
        color: colorOf(index),
        cells: row.data.map((rate, place): Cell => {
          const point = ratePoint(row, place);
          const of = row.reached_from_step_count?.[place];
          const note = of === undefined ? {} : { note: `${point?.value ?? 0} of ${of}` };
          return { text: percent(rate / 100), point, ...note };
        }),
      })),
    },
    empty: rows.every(({ data }) => data.every((rate) => rate === 0)),
  };
}

/** Those who entered in that interval, and got through. */
function ratePoint(row: RateRow, place: number): Point | null {
  const value = row.reached_to_step_count?.[place];
  const day = row.days[place];
  if (value === undefined || day === undefined) return null;
  return {
    name: `Converted of those who entered on ${day}`,
    value,
    ofPeople: true,
    asks: {
      kind: "FunnelsActorsQuery",
      funnelTrendsDropOff: false,
      funnelTrendsEntrancePeriodStart: day,
      ...(row.breakdown_value != null && { funnelStepBreakdown: row.breakdown_value }),
    },
  };
}

function timePicture(answer: Answer): Picture {
  const found = Array.isArray(answer.results) ? (answer.results[0] as unknown) : answer.results;
  const bins: unknown = isObject(found) ? found.bins : undefined;
  if (!Array.isArray(bins) || !bins.every((bin) => isNumbers(bin) && bin.length === 2)) {
    throw badAnswer("lacks the bins of a histogram");
  }
  const average = isObject(found) ? found.average_conversion_time : null;
  const pairs = bins as [number, number][];
  const names = pairs.map(([from]) => timeSpan(from));
  const counts = pairs.map(([, count]) => count);
  const summary =
    typeof average === "number"
      ? `Time to convert: ${timeSpan(average)} on average.`
      : "Time to convert: nobody did.";
  return {
    summary,
    chart: {
      type: "cartesian",
      categories: names,
      categoryName: "time to convert, from",
      valueName: "People",
      incompleteFrom: -1,
      lines: [{ name: "People", shape: "bar", color: 1, values: counts }],
    },
    table: {
      caption: summary,
      head: "From",
      columns: [{ name: "People", numeric: true }],
      rows: pairs.map(([, count], index) => ({
        head: names[index] ?? "",
        cells: [{ text: quantity(count) }],
      })),
    },
    empty: counts.every((count) => count === 0),
  };
}

import { bucketName, millisOf } from "../moment";
import { quantity } from "../quantity";
import { type Answer, isNumbers, rowsOf } from "./answers";
import { incompleteFrom, intervalOf } from "./buckets";
import type { Color, Picture, Point } from "./picture";
import type { LifecycleQuery } from "./queries";

interface StatusRow {
  status: string;
  data: number[];
  days: string[];
}

const STATUSES: readonly { status: string; label: string; color: Color }[] = [
  { status: "returning", label: "Returning", color: 1 },
  { status: "resurrecting", label: "Resurrecting", color: 5 },
  { status: "new", label: "New", color: "good" },
  { status: "dormant", label: "Dormant", color: "bad" },
];

/** Dormant people are numbers below zero: they are the ones that stayed away. */
export function lifecyclePicture(query: LifecycleQuery, answer: Answer, now: number): Picture {
  const found = rowsOf<StatusRow>(
    answer.results,
    (row) => isNumbers(row.data) && row.data.length === row.days?.length,
    "a number for each day",
  );
  const rows = STATUSES.flatMap((look) => {
    const row = found.find(({ status }) => status === look.status);
    return row ? [{ ...look, row }] : [];
  });
  const interval = intervalOf(query);
  const days = rows[0]?.row.days ?? [];
  const at = millisOf(answer.last_refresh) ?? now;
  const categories = days.map((day) => bucketName(day, interval));
  const pointsOf = ({ status, label, row }: (typeof rows)[number]) =>
    row.data.map(
      (value, index): Point => ({
        name: `${label}, ${bucketName(row.days[index] ?? "", interval, true)}`,
        value: Math.abs(value),
        ofPeople: true,
        asks: { kind: "InsightActorsQuery", day: row.days[index], status },
      }),
    );
  return {
    summary: `Lifecycle by ${interval}. ${rows
      .map(({ label, row }) => `${label}: ${quantity(Math.abs(row.data.at(-1) ?? 0))} in the last ${interval}.`)
      .join(" ")}`,
    chart: {
      type: "cartesian",
      categories,
      categoryName: interval,
      valueName: "People",
      incompleteFrom: incompleteFrom(days, interval, at, answer.timezone),
      lines: rows.map((one) => ({
        name: one.label,
        shape: "bar",
        stack: "all",
        color: one.color,
        values: one.row.data,
        points: pointsOf(one),
      })),
    },
    table: {
      caption: `People by ${interval}`,
      head: "Status",
      columns: categories.map((name) => ({ name, numeric: true })),
      rows: rows.map((one) => {
        const points = pointsOf(one);
        const cells = one.row.data.map((value, index) => ({
          text: quantity(value),
          point: points[index] ?? null,
        }));
        return { head: one.label, color: one.color, cells };
      }),
    },
    empty: rows.every(({ row }) => row.data.every((value) => value === 0)),
  };
}

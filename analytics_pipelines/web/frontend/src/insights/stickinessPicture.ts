import { counted, quantity } from "../quantity";
import { type Answer, isNumbers, rowsOf } from "./answers";
import { intervalOf } from "./buckets";
import { seriesName } from "./kinds";
import { type Picture, type Point, colorOf } from "./picture";
import type { StickinessQuery } from "./queries";

interface ActiveRow {
  label: string;
  data: number[];
  days: (number | string)[];
  action?: { order?: number } | null;
}

export function stickinessPicture(query: StickinessQuery, answer: Answer): Picture {
  const rows = rowsOf<ActiveRow>(
    answer.results,
    (row) => isNumbers(row.data) && row.data.length === row.days?.length,
    "a number of people for each number of days",
  );
  const interval = intervalOf(query);
  const atLeast = query.stickinessFilter?.computedAs === "cumulative" ? "at least " : "";
  const longest = rows.reduce<ActiveRow["days"]>((best, { days }) => (days.length > best.length ? days : best), []);
  const names = longest.map((days) => `${days}`);
  const nameOf = (row: ActiveRow) => {
    const one = query.series[row.action?.order ?? 0];
    return one ? seriesName(one) : row.label;
  };
  const pointsOf = (row: ActiveRow, index: number) =>
    row.data.map(
      (value, place): Point => ({
        name: `${nameOf(row)} on ${atLeast}${counted(Number(row.days[place]), interval)}`,
        value,
        ofPeople: true,
        asks: {
          kind: "StickinessActorsQuery",
          day: Number(row.days[place]),
          series: row.action?.order ?? index,
          operator: atLeast ? "gte" : "exact",
        },
      }),
    );
  return {
    summary: `Stickiness: how many people were active on ${atLeast}so many ${interval}s. ${rows
      .map((row) => `${nameOf(row)}: ${quantity(row.data[0] ?? 0)} on one ${interval}, ${quantity(row.data.at(-1) ?? 0)} on ${names.at(-1)}.`)
      .join(" ")}`,
    chart: {
      type: "cartesian",
      categories: names,
      categoryName: `${interval}s active${atLeast && ", at least"}`,
      valueName: "People",
      incompleteFrom: -1,
      lines: rows.map((row, index) => ({
        name: nameOf(row),
        shape: "bar",
        color: colorOf(index),
        values: row.data,
        points: pointsOf(row, index),
      })),
    },
    table: {
      caption: `People by ${interval}s active`,
      head: "Series",
      columns: longest.map((days) => ({ name: counted(Number(days), interval), numeric: true })),
      rows: rows.map((row, index) => {
        const points = pointsOf(row, index);
        const cells = row.data.map((value, place) => ({
          text: quantity(value),
          point: points[place] ?? null,
        }));
        return { head: nameOf(row), color: colorOf(index), cells };
      }),
    },
    empty: rows.every(({ data }) => data.every((value) => value === 0)),
  };
}

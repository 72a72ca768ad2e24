import { counted, quantity, timeSpan } from "../quantity";
import { type Answer, rowsOf } from "./answers";
import type { Flow, Picture, Point } from "./picture";

interface Edge {
  source: string;
  target: string;
  value: number;
  /** Milliseconds. */
  average_conversion_time: number | null;
}

/** `source` and `target` are "<step>_<item>". */
export function pathsPicture(answer: Answer): Picture {
  const edges = rowsOf<Edge>(
    answer.results,
    (edge) =>
      typeof edge.source === "string" &&
      typeof edge.target === "string" &&
      typeof edge.value === "number",
    "the ends of a path",
  );
  const ids = [...new Set(edges.flatMap(({ source, target }) => [source, target]))];
  const chart: Flow = {
    type: "flow",
    nodes: ids.map((id) => ({ id, ...stepOf(id), label: shortName(stepOf(id).name) })),
    links: edges.map((edge) => ({
      source: edge.source,
      target: edge.target,
      value: edge.value,
      point: pointOf(edge),
    })),
  };
  const [most] = edges.toSorted((one, other) => other.value - one.value);
  return {
    summary: most
      ? `Paths of people: ${counted(edges.length, "link")}. The busiest goes from ${stepOf(most.source).name} to ${stepOf(most.target).name}: ${quantity(most.value)}.`
      : "No paths.",
    chart,
    table: {
      caption: "Links of the paths",
      head: "From",
      columns: [
        { name: "To", numeric: false },
        { name: "Step", numeric: true },
        { name: "Paths", numeric: true },
        { name: "Average time", numeric: true },
      ],
      rows: edges.map((edge) => ({
        head: stepOf(edge.source).name,
        cells: [
          { text: stepOf(edge.target).name },
          { text: String(stepOf(edge.source).layer + 1) },
          { text: quantity(edge.value), point: pointOf(edge) },
          {
            text:
              edge.average_conversion_time === null
                ? "–"
                : timeSpan(edge.average_conversion_time / 1000),
          },
        ],
      })),
    },
    empty: edges.length === 0,
  };
}

function stepOf(id: string): { name: string; layer: number } {
  const [, step, name] = /^(\d+)_(.*)$/s.exec(id) ?? [];
  return name === undefined ? { name: id, layer: 0 } : { name, layer: Number(step) - 1 };
}

/** Of a web address only what comes after the host. */
function shortName(name: string): string {
  if (!/^https?:\/\//.test(name)) return name;
  try {
    const { pathname, search } = new URL(name);
    return pathname + search;
  } catch {
    return name;
  }
}

function pointOf({ source, target, value }: Edge): Point {
  return {
    name: `From ${stepOf(source).name} to ${stepOf(target).name}`,
    value,
    ofPeople: false,
    asks: { kind: "InsightActorsQuery", pathStartKey: source, pathEndKey: target },
  };
}

import type { EChartsCoreOption } from "echarts/core";

import type { Cartesian, Line } from "../insights/picture";
import { amount, compactQuantity } from "../quantity";
import type { Look, Palette } from "./look";
import { tooltipOf } from "./tooltip";

const SYMBOLS = ["circle", "rect", "triangle", "diamond"] as const;
/** With more points than this, marks on a line touch one another. */
const MOST_MARKS = 45;

/** Pixels from an axis to its name, past the names of its places. */
const BELOW_LABELS = 28;

/** Which of the chart's lines each series of the option draws: an unfinished end is a series of its own. */
export interface DrawnChart {
  option: EChartsCoreOption;
  lineOf: number[];
}

export function cartesianOption(chart: Cartesian, summary: string, { palette, animated }: Look): DrawnChart {
  const drawn = chart.lines.flatMap((line, index) =>
    seriesOf(line, index, chart, palette).map((series) => ({ series, index })),
  );
  const label = { color: palette.text, fontSize: 12 };
  const name = { nameTextStyle: { color: palette.text, fontSize: 12 }, nameLocation: "middle" };
  const categories = {
    ...name,
    type: "category",
    name: chart.lying ? "" : chart.categoryName,
    nameGap: BELOW_LABELS,
    data: chart.categories,
    inverse: chart.lying === true,
    boundaryGap: chart.lines.some(({ shape }) => shape === "bar"),
    axisTick: { show: false },
    axisLine: { lineStyle: { color: palette.grid } },
    axisLabel: {
      ...label,
      hideOverlap: true,
      margin: 10,
      ...(chart.lying && { width: 160, overflow: "truncate" }),
    },
  };
  const values = {
    ...name,
    type: "value",
    name: chart.valueName,
    nameGap: chart.lying ? BELOW_LABELS : 14,
    splitNumber: 4,
    splitLine: { lineStyle: { color: palette.grid } },
    axisLabel: { ...label, formatter: compactQuantity },
  };
  const option = {
    animation: animated,
    animationDuration: 250,
    aria: { enabled: true, label: { description: summary } },
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 4, right: 22, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "all" },
    xAxis: chart.lying ? values : categories,
    yAxis: chart.lying ? categories : values,
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      className: "chart-tooltip",
      axisPointer: {
        type: chart.lines.some(({ shape }) => shape === "bar") ? "shadow" : "line",
        z: 1, // behind the bars
        shadowStyle: { color: palette.accentSoft, opacity: 0.35 },
        lineStyle: { color: palette.grid },
      },
      formatter: (hits: unknown) => tooltip(chart, hits),
    },
    series: drawn.map(({ series }) => series),
  };
  return { option, lineOf: drawn.map(({ index }) => index) };
}

function seriesOf(line: Line, index: number, chart: Cartesian, palette: Palette): object[] {
  const color = palette.of(line.color);
  const cut = line.faded ? -1 : chart.incompleteFrom;
  if (line.shape === "bar") return [bars(line, color, cut, palette)];
  const end = cut === -1 || line.stack !== undefined ? line.values.length : cut;
  const opacity = line.faded ? 0.4 : 1;
  const common = {
    type: "line",
    name: line.name,
    symbol: SYMBOLS[index % SYMBOLS.length],
    itemStyle: { color, opacity },
    emphasis: { scale: 1.4, lineStyle: { width: 2 } },
    ...(line.stack !== undefined && { stack: line.stack }),
  };
  const solid = {
    ...common,
    symbolSize: 6,
    showSymbol: end < MOST_MARKS,
    lineStyle: { color, width: 2, opacity },
    ...(line.filled && { areaStyle: { color, opacity: line.stack === undefined ? 0.1 : 0.35 } }),
    data: line.values.map((value, place) => (place < end ? value : null)),
  };
  if (end === line.values.length) return [solid];
  const dashed = {
    ...common,
    symbolSize: 6,
    showSymbol: true,
    lineStyle: { color, width: 2, type: [4, 4], opacity: 0.6 },
    data: line.values.map((value, place) => (place >= end - 1 ? value : null)),
  };
  return [solid, dashed];
}

function bars(line: Line, color: string, cut: number, palette: Palette): object {
  const unfinished = {
    color,
    opacity: 0.35,
    borderColor: color,
    borderType: "dashed",
    borderWidth: 1,
  };
  const edge = line.stack === undefined ? {} : { borderColor: palette.card, borderWidth: 0.5 };
  return {
    type: "bar",
    name: line.name,
    barCategoryGap: "22%",
    barMaxWidth: 48,
    itemStyle: { color, opacity: line.faded ? 0.4 : 1, ...edge },
    emphasis: { disabled: true },
    ...(line.stack !== undefined && { stack: line.stack }),
    data: line.values.map((value, place) =>
      cut !== -1 && place >= cut ? { value, itemStyle: unfinished } : { value },
    ),
  };
}

function tooltip(chart: Cartesian, hits: unknown): HTMLElement {
  const hit: unknown = Array.isArray(hits) ? hits[0] : hits;
  const index = (hit as { dataIndex?: number } | undefined)?.dataIndex ?? -1;
  const title = chart.categories[index];
  if (title === undefined) return document.createElement("div");
  const soFar = chart.incompleteFrom !== -1 && index >= chart.incompleteFrom ? " so far" : "";
  const rows = chart.lines
    .map((line) => ({ name: line.name, color: line.color, value: line.values[index] }))
    .filter(({ value }) => value !== null && value !== undefined)
    .map(({ name, color, value }) => ({
      name: chart.lines.length > 1 ? name : chart.valueName,
      color,
      value: `${amount(value ?? 0)}${soFar}`,
    }));
  return tooltipOf(title, rows);
}

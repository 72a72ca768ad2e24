import type { EChartsCoreOption } from "echarts/core";

import type { Look, Palette } from "./charts/look";
import { bucketName } from "./moment";
import { compactQuantity, quantity } from "./quantity";
import type { TrendPoint } from "./trend";
import type { Interval, SeriesMath } from "./types";

export function chartOption(
  points: TrendPoint[],
  interval: Interval,
  math: SeriesMath,
  summary: string,
  { palette, animated }: Look,
): EChartsCoreOption {
  const label = { color: palette.text, fontSize: 12 };
  return {
    animation: animated,
    animationDuration: 250,
    aria: { enabled: true, label: { description: summary } },
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 4, right: 8, top: 16, bottom: 4, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: points.map((point) => bucketName(point.day, interval)),
      boundaryGap: math === "total",
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.grid } },
      axisLabel: { ...label, hideOverlap: true, margin: 12 },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 4,
      splitLine: { lineStyle: { color: palette.grid } },
      axisLabel: { ...label, formatter: compactQuantity },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      className: "chart-tooltip",
      axisPointer: {
        type: math === "total" ? "shadow" : "line",
        z: 1, // behind the bars
        shadowStyle: { color: palette.accentSoft, opacity: 0.35 },
        lineStyle: { color: palette.grid },
      },
      formatter: (hits: unknown) => tooltip(points, hits, interval, math),
    },
    series: math === "total" ? [bars(points, palette)] : lines(points, palette),
  };
}

function bars(points: TrendPoint[], { accent, accentSoft }: Palette) {
  const unfinished = {
    color: accentSoft,
    borderColor: accent,
    borderType: "dashed",
    borderWidth: 1,
  };
  return {
    type: "bar",
    barCategoryGap: "22%",
    barMaxWidth: 48,
    itemStyle: { color: accent, borderRadius: [3, 3, 0, 0] },
    emphasis: { disabled: true },
    data: points.map(({ value, incomplete }) =>
      incomplete ? { value, itemStyle: unfinished } : { value },
    ),
  };
}

/** A solid line to the last complete bucket, and a dashed one from there into the unfinished. */
function lines(points: TrendPoint[], { accent, accentSoft }: Palette) {
  const cut = points.findIndex((point) => point.incomplete);
  const end = cut === -1 ? points.length : cut;
  const line = {
    type: "line",
    symbol: "circle",
    emphasis: { disabled: true },
    itemStyle: { color: accent },
  };
  return [
    {
      ...line,
      symbolSize: end === 1 ? 6 : 4,
      showSymbol: end < 45,
      lineStyle: { color: accent, width: 2 },
      areaStyle: { color: accentSoft, opacity: 0.35 },
      data: points.map(({ value }, index) => (index < end ? value : null)),
    },
    {
      ...line,
      symbolSize: 4,
      lineStyle: { color: accent, width: 2, type: [4, 4], opacity: 0.6 },
      data: points.map(({ value }, index) => (cut !== -1 && index >= cut - 1 ? value : null)),
    },
  ];
}

/** Built as nodes: a string would be parsed as HTML, and its styles refused by the browser. */
function tooltip(
  points: TrendPoint[],
  hits: unknown,
  interval: Interval,
  math: SeriesMath,
): HTMLElement {
  const hit: unknown = Array.isArray(hits) ? hits[0] : hits;
  const index = (hit as { dataIndex?: number } | undefined)?.dataIndex ?? -1;
  const point = points[index];
  const box = document.createElement("div");
  if (!point) return box;
  const name = document.createElement("div");
  name.textContent = bucketName(point.day, interval, true);
  const value = document.createElement("strong");
  const noun = math === "dau" ? "people" : point.value === 1 ? "event" : "events";
  value.textContent = `${quantity(point.value)} ${noun}`;
  box.append(name, value, point.incomplete ? " so far" : "");
  return box;
}

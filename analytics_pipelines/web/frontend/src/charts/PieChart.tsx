import { PieChart as EchartsPie } from "echarts/charts";
import { AriaComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useCallback } from "react";

import type { Pie } from "../insights/picture";
import { amount, percent } from "../quantity";
import type { ChartProps } from "./chartProps";
import type { Look } from "./look";
import { tooltipOf } from "./tooltip";
import { useChart } from "./useChart";

use([EchartsPie, TooltipComponent, AriaComponent, CanvasRenderer]);

export default function PieChart({ chart, summary, onDrawn, onPoint }: ChartProps<Pie>) {
  const option = useCallback((look: Look) => pieOption(chart, summary, look), [chart, summary]);
  const onClick = ({ index }: { index: number }) => {
    const point = chart.slices[index]?.point;
    if (point) onPoint(point);
  };
  const box = useChart(option, { onDrawn, onClick });
  return <div className="chart" ref={box} role="img" aria-label={summary} />;
}

function pieOption({ slices }: Pie, summary: string, { palette, animated }: Look) {
  const sum = slices.reduce((all, { value }) => all + value, 0);
  return {
    animation: animated,
    animationDuration: 250,
    aria: { enabled: true, label: { description: summary } },
    textStyle: { fontFamily: "system-ui, sans-serif" },
    tooltip: {
      confine: true,
      transitionDuration: 0,
      className: "chart-tooltip",
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const slice = slices[dataIndex];
        if (!slice) return document.createElement("div");
        const value = `${amount(slice.value)} (${percent(sum ? slice.value / sum : 0)})`;
        return tooltipOf(slice.name, [{ name: "", color: slice.color, value }]);
      },
    },
    series: {
      type: "pie",
      radius: ["42%", "74%"],
      itemStyle: { borderColor: palette.card, borderWidth: 2 },
      label: { color: palette.text, fontSize: 12, width: 130, overflow: "truncate" },
      labelLine: { lineStyle: { color: palette.grid } },
      data: slices.map(({ name, value, color }) => ({
        name,
        value,
        itemStyle: { color: palette.of(color) },
      })),
    },
  };
}

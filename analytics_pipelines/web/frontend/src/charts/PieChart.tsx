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
  const sum = sumOf(chart);
  return (
    <>
      <ul className="legend" aria-label="Slices of the chart">
        {chart.slices.map(({ name, value, color }, index) => (
          <li key={index}>
            <span className={`swatch swatch-${color}`} aria-hidden="true" />
            <span className="foreign">{name}</span>{" "}
            <span className="muted">{percent(sum ? value / sum : 0)}</span>
          </li>
        ))}
      </ul>
      <div className="chart" ref={box} role="img" aria-label={summary} />
    </>
  );
}

function sumOf({ slices }: Pie): number {
  return slices.reduce((sum, { value }) => sum + value, 0);
}

function pieOption(chart: Pie, summary: string, { palette, animated }: Look) {
  const { slices } = chart;
  const sum = sumOf(chart);
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
      radius: ["50%", "92%"],
      itemStyle: { borderColor: palette.card, borderWidth: 2 },
      label: { show: false },
      data: slices.map(({ name, value, color }) => ({
        name,
        value,
        itemStyle: { color: palette.of(color) },
      })),
    },
  };
}

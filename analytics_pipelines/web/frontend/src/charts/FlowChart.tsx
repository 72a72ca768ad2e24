import { SankeyChart } from "echarts/charts";
import { AriaComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useCallback } from "react";

import { type Flow, colorOf } from "../insights/picture";
import { amount } from "../quantity";
import type { ChartProps } from "./chartProps";
import type { Look } from "./look";
import { tooltipOf } from "./tooltip";
import { useChart } from "./useChart";

use([SankeyChart, TooltipComponent, AriaComponent, CanvasRenderer]);

export default function FlowChart({ chart, summary, onDrawn, onPoint }: ChartProps<Flow>) {
  const option = useCallback((look: Look) => flowOption(chart, summary, look), [chart, summary]);
  const onClick = ({ index, isEdge }: { index: number; isEdge: boolean }) => {
    const point = isEdge ? chart.links[index]?.point : undefined;
    if (point) onPoint(point);
  };
  const box = useChart(option, { onDrawn, onClick });
  return <div className="chart flow" ref={box} role="img" aria-label={summary} />;
}

function flowOption({ nodes, links }: Flow, summary: string, { palette, animated }: Look) {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const name = (id = "") => known.get(id)?.name ?? id;
  const inner = Math.max(...nodes.map(({ layer }) => layer));
  return {
    animation: animated,
    animationDuration: 250,
    aria: { enabled: true, label: { description: summary } },
    textStyle: { fontFamily: "system-ui, sans-serif" },
    tooltip: {
      confine: true,
      transitionDuration: 0,
      className: "chart-tooltip",
      formatter: ({ data, dataType }: { data: Partial<Flow["links"][number]>; dataType: string }) =>
        dataType === "edge"
          ? tooltipOf(`${name(data.source)} → ${name(data.target)}`, [
              { name: "Paths", color: "muted", value: amount(data.value ?? 0) },
            ])
          : document.createElement("div"),
    },
    series: {
      type: "sankey",
      left: 4,
      right: 150,
      top: 8,
      bottom: 8,
      nodeGap: 10,
      draggable: false,
      emphasis: { focus: "adjacency" },
      label: {
        color: palette.text,
        fontSize: 12,
        width: Math.max(60, 420 / Math.max(inner, 1)),
        overflow: "truncate",
        formatter: (node: { name: string }) => known.get(node.name)?.label ?? node.name,
      },
      lineStyle: { color: "source", opacity: 0.25, curveness: 0.5 },
      data: nodes.map(({ id, layer }) => ({
        name: id,
        depth: layer,
        itemStyle: { color: palette.of(colorOf(layer)), borderWidth: 0 },
      })),
      links: links.map(({ source, target, value }) => ({ source, target, value })),
    },
  };
}

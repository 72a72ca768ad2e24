import type { Chart, Point } from "../insights/picture";

export interface ChartProps<T extends Chart> {
  chart: T;
  summary: string;
  onDrawn: () => void;
  onPoint: (point: Point) => void;
}

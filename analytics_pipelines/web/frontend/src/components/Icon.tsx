const PATHS = {
  overview: "M4 20V11M10 20V4M16 20v-7M22 20H2",
  dashboards: "M4 4h7v9H4zM13 4h7v5h-7zM13 12h7v8h-7zM4 16h7v4H4z",
  insights: "M3 19l6-7 4 4 8-10M15 6h6v6",
  sql: "M5 6l6 6-6 6M13 18h7",
  destinations: "M4 12h11M11 7l5 5-5 5M20 4v16",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M13 7a3 3 0 1 0 6 0 3 3 0 1 0-6 0M5 17a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  warning: "M12 3.5 2.5 20h19L12 3.5zM12 10v4.5M12 17.2v.1",
  chevron: "M9 6l6 6-6 6",
  external: "M8 16 17 7M9 7h8v8",
  logout: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

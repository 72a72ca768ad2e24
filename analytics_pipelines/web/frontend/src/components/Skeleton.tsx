const HEIGHTS = { 64: "skeleton-64", 160: "skeleton-160", 320: "skeleton-320" } as const;

/** Heights are classes, because the page may have no inline styles. */
export function Skeleton({ label, height }: { label: string; height: keyof typeof HEIGHTS }) {
  return (
    <div className={`skeleton ${HEIGHTS[height]}`} role="status">
      <span className="visually-hidden">{label}…</span>
    </div>
  );
}

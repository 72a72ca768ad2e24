/** Sizes are classes, because the page may have no inline styles. */
type Size = "strip" | "block" | "plot" | "chart";

export function Skeleton({ label, size }: { label: string; size: Size }) {
  return (
    <div className={`skeleton skeleton-${size}`} role="status">
      <span className="visually-hidden">{label}…</span>
    </div>
  );
}

import { type FocusEvent, type KeyboardEvent, type ReactNode, useRef } from "react";

/** A button that opens a few others; choosing, Escape and leaving close it. */
export function Menu({ label, children }: { label: string; children: ReactNode }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = (thenFocus: boolean) => {
    if (!menu.current?.open) return;
    menu.current.open = false;
    if (thenFocus) menu.current.querySelector("summary")?.focus();
  };
  const onBlur = (event: FocusEvent) => {
    if (!menu.current?.contains(event.relatedTarget)) close(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close(true);
  };
  return (
    <details className="menu" ref={menu} onBlur={onBlur} onKeyDown={onKeyDown}>
      <summary className="icon-button" title={label}>
        <span aria-hidden="true">⋯</span>
        <span className="visually-hidden">{label}</span>
      </summary>
      <ul onClick={() => close(true)}>{children}</ul>
    </details>
  );
}

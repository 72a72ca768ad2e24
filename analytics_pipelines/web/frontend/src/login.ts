const LOGIN_PATH = "/login";

/** Leaves for the log-in page, which sends the reader back to where they were. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  if (pathname.startsWith(LOGIN_PATH)) return;
  const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
  window.location.assign(LOGIN_PATH + next);
}

import { type ReactNode, useEffect, useRef, useState } from "react";

import { logout } from "../api";
import { type Page, pagePath } from "../location";
import { goToLogin } from "../login";
import type { Instance, Me, Project } from "../types";
import { Icon } from "./Icon";
import { Link } from "./Link";
import { ProjectSwitcher } from "./ProjectSwitcher";

const PAGES: readonly { page: Page; label: string }[] = [
  { page: "overview", label: "Overview" },
  { page: "dashboards", label: "Dashboards" },
  { page: "insights", label: "Insights" },
  { page: "sql", label: "SQL" },
  { page: "destinations", label: "Destinations" },
  { page: "settings", label: "Project settings" },
];

interface Props {
  me: Me;
  projects: Project[];
  project: Project;
  instance: Instance;
  page: Page;
  /** What of the page's list is opened. */
  item: string | null;
  children: ReactNode;
}

export function Shell({ me, projects, project, instance, page, item, children }: Props) {
  const main = useFocusOnNewPage(`${project.id}/${page}/${item ?? ""}`);
  const current = (one: Page) => (one === page ? { "aria-current": "page" as const } : {});
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <aside className="sidebar">
        <div className="brand">
          <Icon name="overview" />
          <span>Analytics</span>
        </div>
        <ProjectSwitcher projects={projects} project={project} page={page} />
        <nav aria-label="Pages">
          {PAGES.map(({ page: one, label }) => (
            <Link key={one} to={pagePath(one, project.id)} {...current(one)}>
              <Icon name={one} /> {label}
            </Link>
          ))}
        </nav>
        <Account me={me} version={instance.version} />
      </aside>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** After a change of page, a keyboard or screen reader goes on from the new content. */
function useFocusOnNewPage(place: string) {
  const main = useRef<HTMLElement>(null);
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return main;
}

function Account({ me, version }: { me: Me; version: string }) {
  const [failure, setFailure] = useState<string | null>(null);
  const leave = () =>
    logout().then(goToLogin, (cause: unknown) =>
      setFailure(cause instanceof Error ? cause.message : "Log-out failed."),
    );
  return (
    <div className="account">
      <span className="account-name" title={me.email}>
        {me.name || me.email}
      </span>
      <button type="button" className="icon-button" onClick={leave} title="Log out">
        <Icon name="logout" />
        <span className="visually-hidden">Log out</span>
      </button>
      <span className="muted version">
        {me.organization?.name} · {version}
      </span>
      {failure && <p role="alert">{failure}</p>}
    </div>
  );
}

import { Suspense, lazy, useEffect } from "react";

import { fetchInstance, fetchMe, fetchProjects } from "./api";
import { Crash } from "./components/Crash";
import { ErrorCard } from "./components/ErrorCard";
import { Shell } from "./components/Shell";
import { Skeleton } from "./components/Skeleton";
import { type Route, navigate, overviewPath, routeOf, usePathname } from "./location";
import { NotFoundPage } from "./pages/NotFoundPage";
import { OverviewPage } from "./pages/OverviewPage";
import { SettingsPage } from "./pages/SettingsPage";
import { SqlPage } from "./pages/SqlPage";
import { useResource } from "./resource";
import type { Instance, Me, Project } from "./types";

const DashboardPage = lazy(() => import("./pages/DashboardPage"));
const DashboardsPage = lazy(() => import("./pages/DashboardsPage"));
const DestinationsPage = lazy(() => import("./pages/DestinationsPage"));
const InsightPage = lazy(() => import("./pages/InsightPage"));
const InsightsPage = lazy(() => import("./pages/InsightsPage"));

interface Session {
  me: Me;
  projects: Project[];
  instance: Instance;
}

async function fetchSession(signal: AbortSignal): Promise<Session> {
  const [me, projects, instance] = await Promise.all([
    fetchMe(signal),
    fetchProjects(signal),
    fetchInstance(signal),
  ]);
  return { me, projects, instance };
}

export function App() {
  const { data: session, error, reload, revalidate } = useResource("session", fetchSession);
  if (session) return <Pages session={session} onProjectChange={revalidate} />;
  return (
    <main className="lobby">
      {error ? (
        <ErrorCard title="The page could not be loaded" error={error} onRetry={reload} />
      ) : (
        <Skeleton label="Loading" size="block" />
      )}
    </main>
  );
}

interface PagesProps {
  session: Session;
  onProjectChange: () => void;
}

function Pages({ session, onProjectChange }: PagesProps) {
  const { me, projects, instance } = session;
  const pathname = usePathname();
  const route = routeOf(pathname);
  const first = projects[0];
  const atHome = route.page === "home";

  useEffect(() => {
    if (atHome && first) navigate(overviewPath(first.id), { replace: true });
  }, [atHome, first]);

  if (atHome) return first ? null : <NoProject />;
  const project =
    "projectId" in route ? projects.find((one) => String(one.id) === route.projectId) : undefined;
  if (!project || route.page === "unknown") return <NotFoundPage home={first} />;

  return (
    <Shell
      me={me}
      projects={projects}
      project={project}
      instance={instance}
      page={route.page}
      item={route.item}
    >
      <Crash key={pathname} title="This page broke">
        <Suspense fallback={<Skeleton label="Loading the page" size="chart" />}>
          {pageOf(route, project, instance, onProjectChange)}
        </Suspense>
      </Crash>
    </Shell>
  );
}

function pageOf(
  { page, item }: Exclude<Route, { page: "home" | "unknown" }>,
  project: Project,
  instance: Instance,
  onProjectChange: () => void,
) {
  switch (page) {
    case "overview":
      return <OverviewPage key={project.id} project={project} instance={instance} />;
    case "dashboards":
      return item === null ? (
        <DashboardsPage key={project.id} project={project} />
      ) : (
        <DashboardPage key={`${project.id}/${item}`} project={project} item={item} />
      );
    case "insights":
      return item === null ? (
        <InsightsPage key={project.id} project={project} />
      ) : (
        <InsightPage
          key={`${project.id}/${item}`}
          project={project}
          dagsterUrl={instance.dagster_url}
          item={item}
        />
      );
    case "sql":
      return <SqlPage key={project.id} project={project} />;
    case "destinations":
      return <DestinationsPage key={project.id} project={project} />;
    case "settings":
      return <SettingsPage key={project.id} project={project} onChange={onProjectChange} />;
  }
}

function NoProject() {
  return (
    <main className="lobby">
      <h1>No project yet</h1>
      <p>
        Create the first one with <code>analytics project create NAME</code>, then reload this page.
      </p>
    </main>
  );
}

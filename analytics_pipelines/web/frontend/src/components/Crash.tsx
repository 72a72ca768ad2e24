import { Component, type ReactNode } from "react";

import { ErrorCard } from "./ErrorCard";

interface Props {
  title: string;
  children: ReactNode;
}

/** A fault of the page itself is shown as one, instead of a blank page. */
export class Crash extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(cause: unknown): { error: Error } {
    return { error: cause instanceof Error ? cause : new Error(String(cause)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const reload = () => window.location.reload();
    return <ErrorCard title={this.props.title} error={error} onRetry={reload} action="Reload" />;
  }
}

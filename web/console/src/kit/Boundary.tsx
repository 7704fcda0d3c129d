import { Component, type ReactNode } from "react";
import { ApiError } from "@/api/client";
import { Failure } from "./states";

/** A page that breaks shows its error instead of taking the console with it; going elsewhere begins anew. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // a chunk that is gone means that the server was upgraded under an open page
    const outdated = /dynamically imported module|module script/i.test(error.message);
    const words = outdated
      ? { zh: "控制台已更新，请刷新页面。", en: "The console was updated: reload the page." }
      : { zh: "页面出错了，请刷新后重试。", en: "This page failed. Reload and try again." };
    const shown = new ApiError(0, outdated ? "console_outdated" : "page_failed", words, outdated ? "" : error.message);
    return <Failure error={shown} retry={() => location.reload()} />;
  }
}

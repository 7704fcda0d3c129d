/** The drawing of a neighbourhood by AntV G6, which is loaded only when one is shown. */
import { Graph, type GraphData } from "@antv/g6";
import { useEffect, useRef } from "react";
import type { Ego, EgoTie } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";
import type { Palette } from "@/kit/theme";
import { drawn, tieOf } from "./drawing";

interface EgoCanvasProps {
  ego: Ego;
  onTie: (tie: EgoTie) => void;
}

const HEIGHT = 520;

export default function EgoCanvas({ ego, onTie }: EgoCanvasProps) {
  const { t } = useLanguage();
  const { palette } = useLook();
  const box = useRef<HTMLDivElement>(null);
  const told = useRef(onTie);
  told.current = onTie;
  useEffect(() => {
    const element = box.current!;
    const graph = made(element, drawn(ego, palette), palette);
    const tell = (event: unknown) => {
      const tie = tieOf(ego, (event as { target?: { id?: string } }).target?.id ?? "");
      if (tie) told.current(tie);
    };
    for (const name of ["edge:pointerenter", "edge:click", "node:pointerenter", "node:click"]) graph.on(name, tell);
    let gone = false;
    void graph.render().then(() => {
      element.dataset.ready = "true";
      if (gone) graph.destroy();
      else void graph.fitView();
    });
    const watcher = new ResizeObserver(() => {
      if (graph.rendered && !gone) {
        graph.resize(element.clientWidth, HEIGHT);
        void graph.fitView();
      }
    });
    watcher.observe(element);
    return () => {
      gone = true;
      watcher.disconnect();
      delete element.dataset.ready;
      if (graph.rendered) graph.destroy();
    };
  }, [ego, palette]);
  return <div ref={box} className="ego-canvas" role="img" aria-label={t("ties.ego")} data-testid="ego-canvas" />;
}

function made(container: HTMLElement, data: GraphData, palette: Palette): Graph {
  return new Graph({
    container,
    width: container.clientWidth,
    height: HEIGHT,
    padding: 24,
    animation: false,
    data,
    node: { style: { labelFontSize: 10, labelFill: palette.soft, labelPlacement: "bottom" } },
    edge: { style: { increasedLineWidthForHitTesting: 8 } },
    layout: { type: "d3-force", link: { distance: 110, strength: 0.08 }, manyBody: { strength: -260 }, collide: { radius: 18 }, iterations: 240 },
    behaviors: ["drag-canvas", "zoom-canvas", "drag-element"],
  });
}

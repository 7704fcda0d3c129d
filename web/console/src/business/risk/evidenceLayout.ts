/** Where the accounts and shared things of a case stand. */
import type { RiskEvidence } from "@/api/types";

export const WIDTH = 420;
export const HEIGHT = 24;
export const LEFT = 96;
export const RIGHT = 252;
export const MOST = 24;

type Row = { row: number; y: number };
export interface Drawing {
  accounts: (RiskEvidence["accounts"][number] & Row)[];
  things: (RiskEvidence["things"][number] & Row)[];
  edges: { account: number; thing: number; y1: number; y2: number; own: boolean }[];
  arcs: { d: string }[];
  hidden: number;
  height: number;
}

/** The first accounts (the judged one leads) and the things that they are seen with, at even heights. */
export function drawn(evidence: RiskEvidence): Drawing {
  const accounts = evidence.accounts.slice(0, MOST);
  const edges = evidence.edges.filter(([account]) => account < accounts.length);
  const used = [...new Set(edges.map(([, thing]) => thing))].sort((a, b) => a - b).slice(0, MOST);
  const rows = Math.max(accounts.length, used.length, 1);
  const height = rows * HEIGHT + 8;
  const at = (place: number, of: number) => 4 + ((place + 0.5) * (rows * HEIGHT)) / of;
  const placeOf = new Map(used.map((thing, place) => [thing, place]));
  const y = (account: number) => at(account, accounts.length);
  return {
    accounts: accounts.map((one, row) => ({ ...one, row, y: y(row) })),
    things: used.flatMap((thing, place) => {
      const one = evidence.things[thing];
      return one ? [{ ...one, row: thing, y: at(place, used.length) }] : [];
    }),
    edges: edges.flatMap(([account, thing]) => {
      const place = placeOf.get(thing);
      return place === undefined
        ? []
        : [{ account, thing, y1: y(account), y2: at(place, used.length), own: account === 0 }];
    }),
    arcs: evidence.invited
      .filter(([by, who]) => by < accounts.length && who < accounts.length && by !== who)
      .map(([by, who]) => {
        const bend = 14 + Math.min(Math.abs(y(by) - y(who)) / 5, 60);
        return { d: `M ${LEFT + 7} ${y(by)} C ${LEFT + bend} ${y(by)}, ${LEFT + bend} ${y(who)}, ${LEFT + 7} ${y(who)}` };
      }),
    hidden: evidence.accounts.length - accounts.length,
    height,
  };
}

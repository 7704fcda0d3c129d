import {
  AimOutlined,
  ApartmentOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BugOutlined,
  CalculatorOutlined,
  CheckSquareOutlined,
  CloudUploadOutlined,
  CodeOutlined,
  ContactsOutlined,
  DashboardOutlined,
  DeleteOutlined,
  BookOutlined,
  FileProtectOutlined,
  FireOutlined,
  ForkOutlined,
  FunnelPlotOutlined,
  GiftOutlined,
  HeatMapOutlined,
  IdcardOutlined,
  LineChartOutlined,
  PlayCircleOutlined,
  QrcodeOutlined,
  RetweetOutlined,
  RobotOutlined,
  SafetyCertificateOutlined,
  SafetyOutlined,
  SettingOutlined,
  ShareAltOutlined,
  StarOutlined,
  ShoppingOutlined,
  SwapOutlined,
  TagsOutlined,
  TeamOutlined,
  ThunderboltOutlined,
  UsergroupAddOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";
import type { Permission } from "@/api/types";
import { AlertBadge } from "@/data/tracking/AlertBadge";
import type { Key } from "@/i18n";
import { LedgerBadge } from "@/trust/ledger/LedgerBadge";
import { QueueBadge } from "@/trust/rights/QueueBadge";

export interface Place {
  path: string;
  label: Key;
  icon: ReactNode;
  /** The second key of `g …`. */
  hotkey: string;
  needs: Permission;
  /** Stands behind the label: how much waits there. */
  badge?: ReactNode;
}
export interface Group {
  label: Key | null;
  places: Place[];
}

/** The order users of the trade know; a page appears when its capability exists. */
export const NAVIGATION: Group[] = [
  {
    label: null,
    places: [{ path: "/", label: "nav.overview", icon: <DashboardOutlined />, hotkey: "o", needs: "view" }],
  },
  {
    label: "nav.group.users",
    places: [
      { path: "/users", label: "nav.users", icon: <TeamOutlined />, hotkey: "u", needs: "view" },
      { path: "/segments", label: "nav.segments", icon: <UsergroupAddOutlined />, hotkey: "g", needs: "view" },
      { path: "/tags", label: "nav.tags", icon: <TagsOutlined />, hotkey: "t", needs: "view" },
      { path: "/rfm", label: "nav.rfm", icon: <HeatMapOutlined />, hotkey: "r", needs: "view" },
      { path: "/identity", label: "nav.identity", icon: <IdcardOutlined />, hotkey: "y", needs: "view" },
    ],
  },
  {
    label: "nav.group.analyse",
    places: [
      { path: "/boards", label: "nav.boards", icon: <AppstoreOutlined />, hotkey: "3", needs: "view" },
      { path: "/analyse/metrics", label: "nav.metrics", icon: <LineChartOutlined />, hotkey: "m", needs: "view" },
      { path: "/analyse/aarrr", label: "nav.aarrr", icon: <FireOutlined />, hotkey: "1", needs: "view" },
      { path: "/analyse/funnel", label: "nav.funnel", icon: <FunnelPlotOutlined />, hotkey: "f", needs: "view" },
      { path: "/analyse/retention", label: "nav.retention", icon: <RetweetOutlined />, hotkey: "n", needs: "view" },
      { path: "/analyse/paths", label: "nav.paths", icon: <ForkOutlined />, hotkey: "x", needs: "view" },
      { path: "/analyse/attribution", label: "nav.attribution", icon: <AimOutlined />, hotkey: "z", needs: "view" },
      { path: "/analyse/sql", label: "nav.sql", icon: <CodeOutlined />, hotkey: "2", needs: "query" },
    ],
  },
  {
    label: "nav.group.social",
    places: [
      { path: "/social/ties", label: "nav.ties", icon: <ShareAltOutlined />, hotkey: "6", needs: "view" },
      { path: "/social/koc", label: "nav.koc", icon: <StarOutlined />, hotkey: "7", needs: "view" },
      { path: "/social/cascades", label: "nav.cascades", icon: <ShareAltOutlined />, hotkey: "8", needs: "view" },
    ],
  },
  {
    label: "nav.group.channels",
    places: [
      { path: "/acquire", label: "nav.acquire", icon: <QrcodeOutlined />, hotkey: "v", needs: "view" },
      { path: "/private", label: "nav.private", icon: <ContactsOutlined />, hotkey: "k", needs: "view" },
    ],
  },
  {
    label: "nav.group.loyalty",
    places: [
      { path: "/loyalty", label: "nav.coupons", icon: <GiftOutlined />, hotkey: "4", needs: "view" },
      { path: "/ledger", label: "nav.ledger", icon: <BookOutlined />, hotkey: "5", needs: "view", badge: <LedgerBadge /> },
    ],
  },
  {
    label: "nav.group.referral",
    places: [
      { path: "/referral", label: "nav.referral", icon: <GiftOutlined />, hotkey: "9", needs: "view" },
      { path: "/groups", label: "nav.groups", icon: <ShoppingOutlined />, hotkey: "0", needs: "view" },
      { path: "/referral/risk", label: "nav.risk", icon: <SafetyOutlined />, hotkey: ".", needs: "view" },
    ],
  },
  {
    label: "nav.group.data",
    places: [
      { path: "/live", label: "nav.live", icon: <ThunderboltOutlined />, hotkey: "l", needs: "view" },
      {
        path: "/tracking",
        label: "nav.tracking",
        icon: <CheckSquareOutlined />,
        hotkey: "p",
        needs: "view",
        badge: <AlertBadge />,
      },
      { path: "/sources", label: "nav.sources", icon: <ApartmentOutlined />, hotkey: "s", needs: "view" },
      { path: "/imports", label: "nav.imports", icon: <CloudUploadOutlined />, hotkey: "i", needs: "view" },
      { path: "/dead-letters", label: "nav.deadLetters", icon: <BugOutlined />, hotkey: "d", needs: "view" },
      { path: "/relays", label: "nav.relays", icon: <SwapOutlined />, hotkey: "w", needs: "view" },
      { path: "/reconcile", label: "nav.reconcile", icon: <CalculatorOutlined />, hotkey: "b", needs: "view" },
      { path: "/quality", label: "nav.quality", icon: <RobotOutlined />, hotkey: "q", needs: "view" },
      { path: "/jobs", label: "nav.jobs", icon: <PlayCircleOutlined />, hotkey: "j", needs: "view" },
    ],
  },
  {
    label: "nav.group.compliance",
    places: [
      { path: "/consents", label: "nav.consents", icon: <SafetyCertificateOutlined />, hotkey: "c", needs: "comply" },
      {
        path: "/rights",
        label: "nav.rights",
        icon: <FileProtectOutlined />,
        hotkey: "h",
        needs: "comply",
        badge: <QueueBadge />,
      },
      { path: "/erasures", label: "nav.erasures", icon: <DeleteOutlined />, hotkey: "e", needs: "comply" },
      { path: "/audit", label: "nav.audit", icon: <AuditOutlined />, hotkey: "a", needs: "comply" },
    ],
  },
  {
    label: null,
    places: [{ path: "/settings", label: "nav.settings", icon: <SettingOutlined />, hotkey: ",", needs: "view" }],
  },
];

/** The place a path belongs to: the longest one it starts with. */
export function placeOf(path: string): Place | undefined {
  return NAVIGATION.flatMap((group) => group.places)
    .filter((place) => path === place.path || (place.path !== "/" && path.startsWith(`${place.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

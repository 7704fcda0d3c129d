import { Modal } from "antd";
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "@/i18n";
import { NAVIGATION } from "./nav";
import { useSession } from "@/kit/session";

const PATIENCE_MS = 1200;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** `/` goes to the page's search box, `g` and a letter to a page, `?` shows this list. */
export function Shortcuts({ open, setOpen }: { open: boolean; setOpen: (open: boolean) => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const goAt = useRef(0);
  const places = NAVIGATION.flatMap((group) => group.places).filter((place) => may(place.needs));
  useEffect(() => {
    const onKey = (press: KeyboardEvent) => {
      if (press.ctrlKey || press.metaKey || press.altKey || typing(press.target)) return;
      const going = press.timeStamp - goAt.current < PATIENCE_MS;
      goAt.current = 0;
      if (going) {
        const place = places.find((one) => one.hotkey === press.key);
        if (place) {
          press.preventDefault();
          void navigate(place.path);
        }
      } else if (press.key === "g") goAt.current = press.timeStamp;
      else if (press.key === "?") setOpen(true);
      else if (press.key === "/") {
        const box = document.querySelector<HTMLInputElement>("[data-search] input, input[data-search]");
        if (box) {
          press.preventDefault();
          box.focus();
          box.select();
        }
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
  const rows: [string[], string][] = [
    [["/"], t("shortcuts.search")],
    [["?"], t("shortcuts.help")],
    [["Esc"], t("shortcuts.close")],
    ...places.map((place): [string[], string] => [["g", place.hotkey], t(place.label)]),
  ];
  return (
    <Modal open={open} onCancel={() => setOpen(false)} footer={null} title={t("shell.shortcuts")} width={420}>
      <dl className="shortcuts" data-testid="shortcuts">
        {rows.map(([keys, label]) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

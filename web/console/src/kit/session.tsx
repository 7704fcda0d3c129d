/** Who is signed in and in which workspace; everything below may rely on it. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, type ReactNode } from "react";
import { setCsrf, whenSignedOut } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Permission, Person, Session, Workspace } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Failure, Waiting } from "@/kit/states";

interface Known {
  person: Person | null;
  workspace: Workspace;
  may: (permission: Permission) => boolean;
}

const Context = createContext<Known | null>(null);
const SESSION = "/api/session";

export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const { suggest } = useLanguage();
  const session = useRead<Session>(SESSION);
  const data = session.data;
  if (data) setCsrf(data.csrf);
  useEffect(() => {
    if (data) suggest(data.workspace.language);
  }, [data, suggest]);
  useEffect(
    () => whenSignedOut(() => void client.invalidateQueries({ queryKey: [SESSION] })),
    [client],
  );
  const known = useMemo<Known | null>(
    () =>
      data
        ? {
            person: data.person,
            workspace: data.workspace,
            may: (permission) => data.person?.permissions.includes(permission) ?? false,
          }
        : null,
    [data],
  );
  if (known) return <Context.Provider value={known}>{children}</Context.Provider>;
  if (session.error) return <Failure error={session.error} retry={() => void session.refetch()} full />;
  return <Waiting full />;
}

export function useSession(): Known {
  const session = useContext(Context);
  if (!session) throw new Error("useSession needs a SessionProvider above it");
  return session;
}

/** Reads the session anew after signing in or out; what other people's sessions had read is forgotten. */
export function useRenewSession(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION });
    await client.refetchQueries({ queryKey: [SESSION, {}] });
  };
}

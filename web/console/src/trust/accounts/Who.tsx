import { useRead } from "@/api/hooks";
import { Actor } from "@/kit/small";

/** A member of the team, or a key, by id: its name where it is known. */
export function Who({ id }: { id: string }) {
  const names = useRead<Record<string, string>>("/api/accounts/names");
  return <Actor id={id} name={names.data?.[id]} />;
}

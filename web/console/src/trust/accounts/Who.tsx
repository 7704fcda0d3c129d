import { useRead } from "@/api/hooks";
import type { Account } from "@/api/types";
import { useSession } from "@/kit/session";
import { Actor } from "@/kit/small";

/** A member of the team by id: the name of whoever looks, of anybody for an owner, who may see the accounts; else the id. */
export function Who({ id }: { id: string }) {
  const { person, may } = useSession();
  const accounts = useRead<Account[]>("/api/accounts", undefined, { enabled: may("own") });
  const name = id === person?.account_id ? person.name : accounts.data?.find((one) => one.account_id === id)?.name;
  return <Actor id={id} name={name} />;
}

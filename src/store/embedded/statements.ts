import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Prepares each statement once. */
export function createStatements(database: DatabaseSync): (sql: string) => StatementSync {
  const known = new Map<string, StatementSync>();
  return (sql) => {
    const found = known.get(sql);
    if (found) return found;
    const statement = database.prepare(sql);
    known.set(sql, statement);
    return statement;
  };
}

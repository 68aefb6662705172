import { tables } from './schema.js';

/** A row that breaks a rule of the schema. */
export class SchemaError extends Error {
  constructor(table, column, rule) {
    super(`${table}.${column} ${rule}`);
    this.table = table;
    this.column = column;
  }
}

/** Keeps rows in memory under the same rules as the database, for development and tests. */
export function createStore(described = tables) {
  const data = new Map(Object.keys(described).map((name) => [name, new Map()]));
  const counters = new Map();

  const rowsOf = (table) => {
    const rows = data.get(table);
    if (!rows) throw new SchemaError(table, '*', 'is no table');
    return rows;
  };

  function check(table, row, ownId) {
    for (const [column, rule] of Object.entries(described[table].columns)) {
      if (rule.key) continue;
      const value = row[column] ?? null;
      if (value === null) {
        if (!rule.optional) throw new SchemaError(table, column, 'is needed');
        continue;
      }
      const problem = problemOf(rule, value);
      if (problem) throw new SchemaError(table, column, problem);
      if (rule.references && !rowsOf(rule.references).has(value)) {
        throw new SchemaError(table, column, `names no row of ${rule.references}`);
      }
      if (rule.unique) {
        for (const [id, other] of rowsOf(table)) {
          if (id !== ownId && other[column] === value) throw new SchemaError(table, column, 'is taken');
        }
      }
    }
    const unknown = Object.keys(row).find((column) => !(column in described[table].columns));
    if (unknown) throw new SchemaError(table, unknown, 'is no column');
  }

  return {
    insert(table, values) {
      const rows = rowsOf(table);
      const id = (counters.get(table) ?? 0) + 1;
      const row = { ...values, id };
      check(table, row, id);
      counters.set(table, id);
      rows.set(id, row);
      return { ...row };
    },
    update(table, id, changes) {
      const old = rowsOf(table).get(id);
      if (!old) return null;
      const row = { ...old, ...changes, id };
      check(table, row, id);
      rowsOf(table).set(id, row);
      return { ...row };
    },
    get(table, id) {
      const row = rowsOf(table).get(id);
      return row ? { ...row } : null;
    },
    find(table, wanted = {}) {
      const fits = (row) => Object.entries(wanted).every(([column, value]) => row[column] === value);
      return [...rowsOf(table).values()].filter(fits).map((row) => ({ ...row }));
    },
    remove(table, id) {
      if (!rowsOf(table).delete(id)) return false;
      for (const [name, { columns }] of Object.entries(described)) {
        for (const [column, rule] of Object.entries(columns)) {
          if (rule.references !== table) continue;
          for (const row of this.find(name, { [column]: id })) this.remove(name, row.id);
        }
      }
      return true;
    },
  };
}

function problemOf(rule, value) {
  switch (rule.type) {
    case 'integer':
      if (!Number.isInteger(value)) return 'must be a whole number';
      if (rule.min !== undefined && value < rule.min) return `must be at least ${rule.min}`;
      return null;
    case 'time':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? null : 'must be a time';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? null : 'must be a date';
    default:
      if (typeof value !== 'string') return 'must be text';
      if (rule.max !== undefined && value.length > rule.max) return `must have at most ${rule.max} characters`;
      if (rule.among && !rule.among.includes(value)) return `must be one of ${rule.among.join(', ')}`;
      return null;
  }
}

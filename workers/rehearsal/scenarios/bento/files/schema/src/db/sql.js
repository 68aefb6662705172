import { tables } from './schema.js';

const TYPES = { integer: 'integer', text: 'text', time: 'timestamptz', date: 'date' };

/** The schema as PostgreSQL statements; `db/schema.sql` is this text, and a test keeps it so. */
export function toSql(described = tables) {
  return `${Object.entries(described)
    .map(([name, table]) => createTable(name, table))
    .join('\n\n')}\n`;
}

function createTable(name, { columns }) {
  const lines = Object.entries(columns).map(([column, rule]) => `  ${column} ${definition(column, rule)}`);
  const indexes = Object.entries(columns)
    .filter(([, rule]) => rule.references)
    .map(([column]) => `CREATE INDEX ${name}_${column}_idx ON ${name} (${column});`);
  return [`CREATE TABLE ${name} (\n${lines.join(',\n')}\n);`, ...indexes].join('\n');
}

function definition(column, rule) {
  if (rule.key) return 'integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  return [
    TYPES[rule.type],
    rule.optional ? null : 'NOT NULL',
    rule.unique ? 'UNIQUE' : null,
    rule.references ? `REFERENCES ${rule.references} (id) ON DELETE CASCADE` : null,
    rule.max === undefined ? null : `CHECK (length(${column}) <= ${rule.max})`,
    rule.min === undefined ? null : `CHECK (${column} >= ${rule.min})`,
    rule.among ? `CHECK (${column} IN (${rule.among.map((v) => `'${v}'`).join(', ')}))` : null,
  ]
    .filter(Boolean)
    .join(' ');
}

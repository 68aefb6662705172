/**
 * Makes and checks migrations without Prisma's engine binary (which has to be downloaded), through its WebAssembly
 * build: `diff <name>` writes prisma/migrations/<time>_<name>, `check` fails when schema and migrations differ.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import { shippedMigrations } from '#server/platform/migrate.ts';

const SCHEMA = path.resolve('prisma/schema.prisma');
const FOLDER = path.resolve('prisma/migrations');
const CHAR_OID = 18;
const BPCHAR_OID = 1042;

interface Engine {
  diff(request: unknown): Promise<{ stdout: string; exitCode: number }>;
  free(): void;
}
// biome-ignore lint/suspicious/noExplicitAny: the WebAssembly bindings come without types
const engineModule = bindings as any;

async function loadEngine(): Promise<void> {
  const globals = globalThis as Record<string, unknown>;
  globals.PRISMA_WASM_PANIC_REGISTRY ??= { set_message: (m: string) => console.error('engine panic', m) };
  const folder = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const { instance } = await WebAssembly.instantiate(
    await readFile(path.join(folder, 'schema_engine_bg.wasm')),
    {
      './schema_engine_bg.js': engineModule,
    },
  );
  engineModule.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start?: () => void }).__wbindgen_start?.();
}

/** adapter-pg does not map PostgreSQL's internal "char" type, which the schema describer reads from pg_catalog. */
class DescribingPg extends PrismaPg {
  override async connect() {
    // biome-ignore lint/suspicious/noExplicitAny: reaches into the adapter's private query function
    const adapter: any = await super.connect();
    const performIO = adapter.performIO.bind(adapter);
    const queryRaw = adapter.queryRaw.bind(adapter);
    let characters: number[] = [];
    adapter.performIO = async (query: unknown) => {
      const result = await performIO(query);
      characters = [];
      for (const [i, field] of (result.fields ?? []).entries()) {
        if (field.dataTypeID !== CHAR_OID) continue;
        field.dataTypeID = BPCHAR_OID;
        characters.push(i);
      }
      return result;
    };
    adapter.queryRaw = async (query: unknown) => {
      const result = await queryRaw(query);
      for (const i of characters) result.columnTypes[i] = ColumnTypeEnum.Character;
      return result;
    };
    return adapter;
  }
}

async function openEngine(url: string, schema: string): Promise<Engine> {
  const factory = bindMigrationAwareSqlAdapterFactory(new DescribingPg(url));
  return engineModule.SchemaEngine.new({ datamodels: [[SCHEMA, schema]] }, () => {}, factory);
}

/** SQL that brings a database made by the migrations to what schema.prisma says; empty when they agree. */
async function missingSql(adminUrl: string): Promise<string> {
  await loadEngine();
  const content = await readFile(SCHEMA, 'utf8');
  const schema = { files: [{ path: SCHEMA, content }] };
  const name = `shadow_${process.pid}`;
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const shadow = new URL(adminUrl);
  shadow.pathname = `/${name}`;
  let engine: Engine | undefined;
  try {
    const client = new pg.Client(shadow.href);
    await client.connect();
    for (const migration of shippedMigrations(FOLDER)) await client.query(migration.sql);
    await client.end();
    engine = await openEngine(shadow.href, content);
    const result = await engine.diff({
      from: { tag: 'schemaDatasource', configDir: path.dirname(SCHEMA), ...schema },
      to: { tag: 'schemaDatamodel', ...schema },
      script: true,
      exitCode: true,
      filters: { externalTables: ['public.event'], externalEnums: [] },
    });
    return result.exitCode === 2 ? result.stdout : '';
  } finally {
    engine?.free();
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  }
}

async function main(command: string | undefined, name: string | undefined): Promise<number> {
  if (command !== 'check' && !(command === 'diff' && name)) {
    console.error('usage: node scripts/migrations.ts check | diff <name>');
    return 2;
  }
  const home = path.resolve('.alai-test/migrations');
  const server = await startEmbeddedPostgres({ home, password: 'only-on-loopback-for-development' });
  try {
    const sql = await missingSql(server.url);
    if (!sql) console.log('Schema and migrations agree.');
    else if (command === 'check') console.error(`prisma/schema.prisma and prisma/migrations differ:\n${sql}`);
    else {
      const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
      const folder = path.join(FOLDER, `${stamp}_${name}`);
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'migration.sql'), sql);
      await writeFile(path.join(FOLDER, 'migration_lock.toml'), 'provider = "postgresql"\n');
      console.log(`Written: ${folder}/migration.sql. Read it before it is committed.`);
    }
    return sql && command === 'check' ? 1 : 0;
  } finally {
    server.stop();
  }
}

if (import.meta.main) process.exit(await main(process.argv[2], process.argv[3]));

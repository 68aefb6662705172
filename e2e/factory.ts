import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bootFactory } from '#test/boot.ts';

const root = path.dirname(import.meta.dirname);

/** What the tests need to know of the factory they talk to. */
export const notes = path.join(root, 'e2e/.auth/factory.json');

/** Boots the product for all stories; stops it afterwards. */
// biome-ignore lint/style/noDefaultExport: Playwright reads the default export
export default async function startFactory(): Promise<() => Promise<void>> {
  let companies = '';
  const { link, home, stop } = await bootFactory(process.env.ALAI_E2E_PORT ?? '', (made) => {
    // A copy, because tests add companies and break them.
    companies = path.join(made, 'companies');
    cpSync(path.join(root, 'companies'), companies, { recursive: true });
    // The inner hosts are receivers of notices that the tests start.
    return { ALAI_COMPANIES: companies, ALAI_WEBHOOK_ALLOW: '127.0.0.1' };
  });
  mkdirSync(path.dirname(notes), { recursive: true });
  writeFileSync(notes, JSON.stringify({ link, home, companies }));
  return async () => {
    await stop();
    rmSync(path.dirname(notes), { recursive: true, force: true });
  };
}

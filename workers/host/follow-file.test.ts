import { afterEach, expect, it, vi } from 'vitest';
import type { FleetHost } from '#server/catalogue/data.ts';
import { followFile } from './follow-file.ts';

const host: FleetHost = {
  name: 'forge',
  label: 'FORGE',
  memory_gb: 256,
  slots: 3,
  local: true,
  ollama: null,
  llama_server: null,
  models: [],
  lanes: {},
  stand_by: null,
};
let followed: { stop(): void } | undefined;
afterEach(() => followed?.stop());

it('hears of another address, and of nothing else; a host that is gone from the file is left alone', async () => {
  let said: FleetHost[] = [host];
  let moved = 0;
  let looks = 0;
  followed = followFile({
    host,
    everyMs: 2,
    read() {
      looks++;
      return said;
    },
    onMoved: () => moved++,
  });
  const looked = async () => {
    const before = looks;
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before + 2));
  };
  await looked();
  said = [{ ...host, slots: 5 }];
  await looked();
  said = [];
  await looked();
  expect(moved).toBe(0);
  said = [{ ...host, ollama: 'http://10.0.0.2:11434' }];
  await looked();
  expect(moved).toBeGreaterThan(0);
});

import { expect, it } from 'vitest';
import { channelRulesSchema } from '#server/domain/views/notifications.ts';
import { deviceName, rulesSay } from './words.ts';

it('says rules as one reads them', () => {
  expect(rulesSay(channelRulesSchema.parse({}))).toBe('Urgent at once, normal at once, low in a digest.');
  const night = { quiet: { from: '22:00', to: '07:00' }, timeZone: 'Europe/Stockholm', normal: 'off' };
  expect(rulesSay(channelRulesSchema.parse(night))).toBe(
    'Urgent at once, normal never, low in a digest. Quiet 22:00–07:00 (Europe/Stockholm), urgent may wake.',
  );
});

it('knows a device by its browser and system', () => {
  const chrome =
    'Mozilla/5.0 (Linux; Android 16; Pixel) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36';
  expect(deviceName(chrome)).toBe('Chrome on Android');
  expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe(
    'Safari on iOS',
  );
});

'use client';
import { type FormEvent, useId, useState } from 'react';
import { type ChannelRules, severities, tellings } from '#server/domain/views/notifications.ts';
import { Button } from '../ui/button.tsx';
import { levels } from './words.ts';

const words = { now: 'At once', digest: 'In a digest', off: 'Never' } as const;

/** When a channel is told what. */
export function RulesForm({
  rules,
  busy,
  onSave,
}: {
  rules: ChannelRules;
  busy: boolean;
  onSave: (rules: ChannelRules) => void;
}) {
  const [r, setRules] = useState(rules);
  const zones = useId();
  const set = (patch: Partial<ChannelRules>) => setRules({ ...r, ...patch });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    onSave(r);
  };
  return (
    <form className="setting-form notice-rules" onSubmit={submit}>
      <p className="m">What is urgent, normal and low stands below under “What is told”.</p>
      <div className="form-row">
        {severities.map((severity) => (
          <label key={severity}>
            <span className="label">{levels[severity]}</span>
            <select
              className="field"
              value={r[severity]}
              onChange={(e) => set({ [severity]: e.target.value as ChannelRules['low'] })}
            >
              {tellings.map((t) => (
                <option key={t} value={t}>
                  {words[t]}
                </option>
              ))}
            </select>
          </label>
        ))}
        <label>
          <span className="label">A digest every, minutes</span>
          <input
            className="field n"
            type="number"
            min={5}
            max={1440}
            value={r.digestMinutes}
            onChange={(e) => set({ digestMinutes: Number(e.target.value) })}
          />
        </label>
      </div>
      <label className="tick">
        <input
          type="checkbox"
          checked={r.quiet !== null}
          onChange={(e) => set({ quiet: e.target.checked ? { from: '22:00', to: '07:00' } : null })}
        />
        Quiet hours
      </label>
      {r.quiet ? (
        <div className="form-row">
          <label>
            <span className="label">From</span>
            <input
              className="field n"
              type="time"
              required
              value={r.quiet.from}
              onChange={(e) => set({ quiet: { from: e.target.value, to: r.quiet?.to ?? '07:00' } })}
            />
          </label>
          <label>
            <span className="label">Until</span>
            <input
              className="field n"
              type="time"
              required
              value={r.quiet.to}
              onChange={(e) => set({ quiet: { from: r.quiet?.from ?? '22:00', to: e.target.value } })}
            />
          </label>
          <label>
            <span className="label">Time zone</span>
            <input
              className="field"
              list={zones}
              required
              value={r.timeZone}
              onChange={(e) => set({ timeZone: e.target.value })}
            />
            <datalist id={zones}>
              {Intl.supportedValuesOf('timeZone').map((zone) => (
                <option key={zone} value={zone}>
                  {zone}
                </option>
              ))}
            </datalist>
          </label>
          <label className="tick">
            <input
              type="checkbox"
              checked={r.urgentWakes}
              onChange={(e) => set({ urgentWakes: e.target.checked })}
            />
            Urgent may wake
          </label>
        </div>
      ) : null}
      <Button type="submit" kind="primary" disabled={busy}>
        Save the rules
      </Button>
    </form>
  );
}

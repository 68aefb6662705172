'use client';

interface ChoiceProps {
  label: string;
  /** What it says while nothing is chosen. */
  all: string;
  value: string;
  options: readonly (readonly [value: string, word: string])[];
  onChange: (value: string) => void;
}

/** Narrows a list to one of a few, or to all of them. */
export function Choice({ label, all, value, options, onChange }: ChoiceProps) {
  return (
    <select
      className="field small"
      aria-label={label}
      value={value}
      onChange={(e) => onChange(e.target.value)}
    >
      <option value="">{all}</option>
      {options.map(([of, word]) => (
        <option key={of} value={of}>
          {word}
        </option>
      ))}
    </select>
  );
}

interface DayProps {
  word: string;
  value: string;
  onChange: (value: string) => void;
}

/** One day, as the browser lets it be chosen. */
export function Day({ word, value, onChange }: DayProps) {
  return (
    <label className="date">
      {word}
      <input className="field small" type="date" value={value} onChange={(e) => onChange(e.target.value)} />
    </label>
  );
}

/** When that day begins here, or so many days after it; null while none is chosen. */
export function dayOf(text: string, plus = 0): Date | null {
  if (!text) return null;
  const day = new Date(`${text}T00:00:00`);
  day.setDate(day.getDate() + plus);
  return day;
}

/**
 * Secrets never reach a model, a transcript or a stored prompt: the values this installation knows, and what has the
 * shape of a key. A tool refuses to write the mask back, so a masked file cannot be damaged by it.
 */
export const MASK = '⟦secret masked⟧';

const SHAPES = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{40,}\b/g,
  /\bglpat-[A-Za-z0-9_-]{20,}\b/g,
  /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{24,}\b/g,
  /\bxox[abposr]-[A-Za-z0-9-]{20,}\b/g,
  /\b[rs]k_live_[A-Za-z0-9]{20,}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\b/g,
];
/** user:password@ in an address; the address itself is worth reading. */
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:)[^\s@/]{3,200}(?=@)/gi;

/** Shorter values would mask ordinary words. */
const MIN_VALUE = 8;

export type Mask = (text: string) => string;

/** Makes the function that masks, for the values this installation knows. */
export function maskFor(values: readonly string[]): Mask {
  const known = [...new Set(values)].filter((v) => v.length >= MIN_VALUE).sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const value of known) out = out.replaceAll(value, MASK);
    for (const shape of SHAPES) out = out.replace(shape, MASK);
    return out.replace(IN_ADDRESS, `$1${MASK}`);
  };
}

/** Masks every string of a value of JSON. */
export function maskDeep(v: unknown, mask: Mask): unknown {
  if (typeof v === 'string') return mask(v);
  if (Array.isArray(v)) return v.map((x) => maskDeep(x, mask));
  if (v !== null && typeof v === 'object')
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, maskDeep(x, mask)]));
  return v;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a key belongs is no secret: `OPENAI_API_KEY_HOST`. */
const PLACE_NAME = /_(?:HOST|URL)$/i;
const SECRET_NAME = /(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|CREDENTIAL)/i;

/** The secret values of an environment: by the names of the variables, and the passwords in its addresses. */
export function secretValues(env: Record<string, string | undefined>): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (!value) return [];
    if (SECRET_NAME.test(name) && !PLACE_NAME.test(name)) return [value];
    const found = /^([a-z][a-z0-9+.-]*):\/\/([^\s:/@]*):([^\s@/]+)@/i.exec(value);
    const [, scheme = '', user = '', password] = found ?? [];
    // A word such as "postgres" hides nothing, and masking it would tear holes into ordinary text.
    if (!password || password === user || password === scheme || /^[a-z]+$/.test(password)) return [];
    return [password, decoded(password)];
  });
}

import { z } from 'zod';

type Issue = z.core.$ZodIssue;
interface Shape {
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape;
  anyOf?: Shape[];
  oneOf?: Shape[];
  $ref?: string;
  const?: unknown;
}

/** What a person reads about one thing that does not fit: what it is, and what to do. */
export function saidOf(issue: Issue, schema: z.ZodType, value: unknown): { message: string; remedy: string } {
  const where = issue.path.length ? `${issue.path.join('.')}: ` : '';
  const last = String(issue.path.at(-1) ?? 'it');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, issue.path, value);
      const keys = issue.keys.map((k) => `"${k}"`).join(', ');
      return {
        message: `${where}nobody knows the key ${keys}.`,
        remedy: known.length ? `Remove it, or use one of ${known.join(', ')}.` : 'Remove it.',
      };
    }
    case 'invalid_type': {
      if (valueAt(value, issue.path) !== undefined)
        return {
          message: `${where}must be ${kindOf(issue.expected)}.`,
          remedy: `Write ${kindOf(issue.expected)}.`,
        };
      return { message: `${where}is missing.`, remedy: `Add ${last}: ${kindOf(issue.expected)}.` };
    }
    case 'invalid_value': {
      const known = issue.values.map(String).join(', ');
      const missing = valueAt(value, issue.path) === undefined;
      return {
        message: missing
          ? `${where}is missing.`
          : `${where}"${short(valueAt(value, issue.path))}" is not known.`,
        remedy: missing ? `Add ${last}: one of ${known}.` : `Use one of ${known}.`,
      };
    }
    case 'invalid_union': {
      const known = unionKinds(issue);
      return {
        message: `${where}${known.length ? 'is none of the kinds there are.' : 'fits none of the shapes it may have.'}`,
        remedy: known.length
          ? `Use one of ${known.join(', ')}.`
          : 'Compare it with the same place in another company.',
      };
    }
    case 'too_big':
      return {
        message: `${where}${issue.message}.`,
        remedy: `Make it smaller: at most ${issue.maximum}${unitOf(issue.origin)}.`,
      };
    case 'too_small':
      return {
        message: `${where}${issue.message}.`,
        remedy: `Make it larger: at least ${issue.minimum}${unitOf(issue.origin)}.`,
      };
    case 'invalid_key':
      return {
        message: `${where}the key "${last}" is not allowed here.`,
        remedy: issue.issues[0]?.message ?? 'Rename it.',
      };
    default:
      return {
        message: `${where}${issue.message}.`,
        remedy: `Correct ${last}; the JSON Schema in companies/_schema says how it is written.`,
      };
  }
}

function kindOf(expected: string): string {
  const kinds: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    record: 'an object',
  };
  return kinds[expected] ?? expected;
}

const unitOf = (origin: string) => ({ string: ' characters', array: ' items' })[origin] ?? '';

const short = (value: unknown) => String(value).slice(0, 40);

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (v, key) => (v as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

/** The kinds of a union told apart by one field, when zod says which field that is. */
function unionKinds(issue: Issue & { code: 'invalid_union' }): string[] {
  const options = (issue as { options?: unknown[] }).options;
  return Array.isArray(options) ? options.map(String) : [];
}

/** Which keys may stand at a place, read from the JSON Schema of the file. */
function keysAt(schema: z.ZodType, path: PropertyKey[], value: unknown): string[] {
  try {
    const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape;
    let at: Shape | undefined = root;
    let here: unknown = value;
    for (const key of path) {
      at = chosen(at, here);
      here = (here as Record<PropertyKey, unknown> | undefined)?.[key];
      at =
        typeof key === 'number'
          ? at?.items
          : (at?.properties?.[String(key)] ??
            (typeof at?.additionalProperties === 'object' ? at.additionalProperties : undefined));
    }
    return Object.keys(chosen(at, here)?.properties ?? {}).filter((k) => k !== '$schema');
  } catch {
    return [];
  }
}

/** Of several shapes the one whose fixed fields (kind, transport) are those of the value. */
function chosen(shape: Shape | undefined, value: unknown): Shape | undefined {
  const options = shape?.oneOf ?? shape?.anyOf;
  if (!options) return shape;
  const fits = (option: Shape) =>
    Object.entries(option.properties ?? {}).some(
      ([key, p]) => p.const !== undefined && (value as Record<string, unknown> | null)?.[key] === p.const,
    );
  return options.find(fits) ?? options.find((o) => o.properties);
}

import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { type Role, roles, type Scope, tokenScopes } from '#server/domain/permissions.ts';
import { api } from './client.ts';
import { print } from './output.ts';

const day = (at: Date | null) => at?.toISOString().slice(0, 10) ?? '';

function roleOf(text: string): Role {
  const role = roles.find((r) => r === text);
  if (role) return role;
  throw new AlaiError('BAD_INPUT', `There is no role "${text}".`, `Roles are: ${roles.join(', ')}.`);
}

async function personOf(name: string): Promise<{ id: string; name: string }> {
  const people = await api().people.list.query();
  const found = people.find((p) => p.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  throw new AlaiError('NOT_FOUND', `Nobody is called "${name}".`, 'See `npx alai people`.');
}

/** `alai people …`: who may come in, and as what. */
export function registerPeopleCommands(program: Command): void {
  const people = program
    .command('people')
    .description('who may come in, and as what')
    .action(async () => {
      const list = await api().people.list.query();
      print(list, () =>
        list
          .map((p) =>
            [
              p.name.padEnd(24),
              p.role.padEnd(9),
              p.disabledAt ? 'locked out' : p.joinedAt ? `${p.sessions} sessions` : 'invited',
            ].join(' '),
          )
          .join('\n'),
      );
    });
  people
    .command('invite <name>')
    .description('make a person and print the link that lets him in once (72 hours)')
    .option('--role <role>', `one of ${roles.join(', ')}`, 'operator')
    .action(async (name: string, o: { role: string }) => {
      const made = await api().people.invite.mutate({ name, role: roleOf(o.role) });
      print(made, () => made.url);
    });
  people
    .command('link <name>')
    .description('print a fresh sign-in link; older ones stop working')
    .action(async (name: string) => {
      const made = await api().people.newLink.mutate({ userId: (await personOf(name)).id });
      print(made, () => made.url);
    });
  people
    .command('role <name> <role>')
    .description('give a person another role')
    .option('--reason <text>', 'why', '')
    .action(async (name: string, role: string, o: { reason: string }) => {
      const person = await personOf(name);
      await api().people.setRole.mutate({ userId: person.id, role: roleOf(role), reason: o.reason });
      print({ ok: true }, () => `${person.name} is ${role} from the next request on.`);
    });
  people
    .command('lock-out <name>')
    .description('end all sessions, links and tokens of a person')
    .option('--reason <text>', 'why', '')
    .action(async (name: string, o: { reason: string }) => {
      const person = await personOf(name);
      await api().people.disable.mutate({ userId: person.id, reason: o.reason });
      print({ ok: true }, () => `${person.name} is locked out.`);
    });
  people
    .command('let-in <name>')
    .description('let a person in again; he needs a new link')
    .action(async (name: string) => {
      const person = await personOf(name);
      await api().people.enable.mutate({ userId: person.id });
      print({ ok: true }, () => `${person.name} may come in again: npx alai people link "${person.name}"`);
    });
}

function scopesOf(text: string): Scope[] {
  const known = tokenScopes as readonly string[];
  const wanted = text.split(',').map((s) => s.trim());
  const wrong = wanted.find((s) => !known.includes(s));
  if (wrong !== undefined)
    throw new AlaiError('BAD_INPUT', `There is no scope "${wrong}".`, `Scopes are: ${known.join(', ')}.`);
  return wanted as Scope[];
}

/** `alai token …`: API tokens of the one who asks. */
export function registerTokenCommands(program: Command): void {
  const token = program.command('token').description('your API tokens');
  token
    .command('list')
    .description('tokens that work, with what they may do')
    .action(async () => {
      const list = await api().me.tokens.query();
      print(list, () =>
        list
          .map(
            (t) =>
              `${t.id}  ${t.name}  …${t.ending}  ${t.scopes.join(',')}  until ${day(t.expiresAt) || 'revoked'}`,
          )
          .join('\n'),
      );
    });
  token
    .command('create <name>')
    .description('make a token and print it, once')
    .option('--scopes <list>', `of ${tokenScopes.join(', ')}`, 'read')
    .option('--days <n>', 'how long it works; 0 for ever', '90')
    .action(async (name: string, o: { scopes: string; days: string }) => {
      const days = Number(o.days);
      const made = await api().me.createToken.mutate({
        ...{ name, scopes: scopesOf(o.scopes), days: days === 0 ? null : days },
      });
      print(made, () => made.token);
    });
  token
    .command('revoke <id>')
    .description('end a token at once')
    .action(async (id: string) => {
      await api().me.revokeToken.mutate({ id: Number(id) });
      print({ ok: true }, () => `Token ${id} works no more.`);
    });
}

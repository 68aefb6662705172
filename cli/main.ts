/** `npx alai`: a client of the API, and the way to start each process alone. */
import { Command } from 'commander';
import { fail } from './output.ts';
import { registerProcessCommands } from './processes.ts';

const program = new Command('alai')
  .description('Mission Control of the ALAI company factory')
  .option('--json', 'machine-readable output')
  .showHelpAfterError()
  .exitOverride();

registerProcessCommands(program);

try {
  await program.parseAsync(process.argv);
} catch (e) {
  fail(e, process.argv.includes('--json'));
}

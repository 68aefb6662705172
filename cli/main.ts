/**
 * `npx alai`: a client of the API, and the way to start each process alone. What a command alone needs of the factory's own
 * code it loads when it is run: that took most of the time of every other.
 */
import { Command } from 'commander';
import { registerAgentCommands } from './agents.ts';
import { registerAuditCommands } from './audit.ts';
import { refusalOf } from './client.ts';
import { registerCompanyCommands } from './company.ts';
import { registerDrillCommand } from './drill.ts';
import { registerFactoryCommands } from './factory.ts';
import { registerTaskCommands } from './mc.ts';
import { registerMinionCommands } from './minion.ts';
import { registerModelCommands } from './models.ts';
import { registerNotifyCommands } from './notify.ts';
import { fail } from './output.ts';
import { registerPeopleCommands, registerTokenCommands } from './people.ts';
import { registerPipelineCommands } from './pipeline.ts';
import { registerProcessCommands } from './processes.ts';
import { registerProjectCommands } from './project.ts';
import { registerQueueCommands } from './queue.ts';
import { registerRouteCommand } from './route.ts';
import { registerRunCommands } from './run.ts';
import { registerSafetyCommands } from './safety.ts';
import { registerSampleCommand } from './sample.ts';
import { registerSignInCommand } from './sign-in.ts';
import { registerSpendCommands } from './spend.ts';
import { registerTierCommands } from './tiers.ts';
import { registerValidateCommand } from './validate.ts';
import { registerVerifyCommand } from './verify.ts';

const program = new Command('alai')
  .description('Mission Control of the ALAI company factory')
  .option('--json', 'machine-readable output')
  .showHelpAfterError()
  .exitOverride();

registerTaskCommands(program);
registerMinionCommands(program);
registerPipelineCommands(program);
registerQueueCommands(program);
registerRouteCommand(program);
registerCompanyCommands(program);
registerSampleCommand(program);
registerFactoryCommands(program);
registerModelCommands(program);
registerAgentCommands(program);
registerNotifyCommands(program);
registerProcessCommands(program);
registerProjectCommands(program);
registerDrillCommand(program);
registerSignInCommand(program);
registerValidateCommand(program);
registerVerifyCommand(program);
registerRunCommands(program);
registerPeopleCommands(program);
registerTokenCommands(program);
registerAuditCommands(program);
registerSafetyCommands(program);
registerSpendCommands(program);
registerTierCommands(program);

try {
  await program.parseAsync(process.argv);
} catch (e) {
  fail(refusalOf(e), process.argv.includes('--json'));
}

import { z } from 'zod';
import {
  blueprintRowSchema,
  blueprintViewSchema,
  companiesViewSchema,
  companyViewSchema,
} from '#server/domain/views/company.ts';
import { mcpSeenViewSchema } from '#server/domain/views/mcp.ts';
import { readCompanyLoads } from '#server/engine/data/company.ts';
import { listTasks } from '#server/engine/data/task.ts';
import { acceptMcpServer, readMcpServers } from '#server/engine/mcp.ts';
import { actorOf } from '../auth.ts';
import {
  blueprintRows,
  blueprintView,
  companiesView,
  companyDetail,
  companyRow,
  findBlueprint,
} from '../company-view.ts';
import { procedure, router } from '../trpc.ts';

const name = z.string().min(1).max(60);

export const companiesRouter = router({
  /** The roster: what each does now, and everything that is wrong with the files. */
  list: procedure.output(companiesViewSchema).query(async ({ ctx }) => {
    const loads = await readCompanyLoads(ctx.s.db);
    return companiesView(ctx.s.catalogue(), ctx.s.env.ALAI_COMPANIES, loads);
  }),
  /** One company with everything resolved, each piece with the file it came from. */
  get: procedure
    .input(z.strictObject({ name }))
    .output(companyViewSchema)
    .query(async ({ ctx, input }) => {
      const catalogue = ctx.s.catalogue();
      const row = companyRow(catalogue, input.name, await readCompanyLoads(ctx.s.db));
      const folder = `companies/${row.name}`;
      return {
        ...row,
        folder,
        problemList: catalogue.problems.filter((p) => p.file === folder || p.file.startsWith(`${folder}/`)),
        tasks: await listTasks(ctx.s.db, ctx.s.timing, { company: row.name, limit: 12 }),
        detail: companyDetail(catalogue, row.name),
      };
    }),
  /** The MCP servers its agents met: what was accepted, and what is disabled because it changed. */
  servers: procedure
    .input(z.strictObject({ name }))
    .output(mcpSeenViewSchema)
    .query(({ ctx, input }) => readMcpServers(ctx.s.db, input.name)),
  /** Takes what a server offers now; its tools are given to agents again. */
  acceptServer: procedure
    .input(
      z.strictObject({ name, server: z.string().min(1).max(60), digest: z.string().length(64).optional() }),
    )
    .output(mcpSeenViewSchema)
    .mutation(async ({ ctx, input }) => {
      await acceptMcpServer(ctx.s.db, { ...input, by: actorOf(ctx.viewer) });
      return readMcpServers(ctx.s.db, input.name);
    }),
  /** Blueprints of a company and the shared ones, or all there are. */
  blueprints: procedure
    .input(z.strictObject({ company: name.nullable().default(null) }).prefault({}))
    .output(z.array(blueprintRowSchema))
    .query(({ ctx, input }) => blueprintRows(ctx.s.catalogue(), input.company)),
  /** One blueprint or workflow with `extends` folded in. */
  blueprint: procedure
    .input(z.strictObject({ name, company: name.nullable().default(null) }))
    .output(blueprintViewSchema)
    .query(({ ctx, input }) => blueprintView(findBlueprint(ctx.s.catalogue(), input.name, input.company))),
});

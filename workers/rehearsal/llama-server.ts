import { CONTEXT_LENGTH, type Context, json, type Protocol } from './context.ts';

/** What llama-server says of itself; its answers are OpenAI's protocol, whatever model name they are asked by. */
export const llamaServer: Protocol = (r) => {
  const { ctx, res } = r;
  switch (`${r.method} ${r.path}`) {
    case 'GET /health':
    case 'GET /v1/health':
      json(res, 200, { status: 'ok' });
      return true;
    case 'GET /props': {
      const alias = ctx.faults.take('', 'server') ? 'some-other-model' : llamaModel(ctx);
      json(res, 200, {
        default_generation_settings: { n_ctx: CONTEXT_LENGTH },
        total_slots: 1,
        model_alias: alias,
        model_path: `/models/${alias.replaceAll(':', '-')}.gguf`,
        chat_template: 'scripted',
        build_info: 'b0-rehearsal',
      });
      return true;
    }
    case 'GET /slots':
      json(res, 200, [{ id: 0, n_ctx: CONTEXT_LENGTH, is_processing: false }]);
      return true;
    case 'POST /tokenize': {
      const content = String(r.body.content ?? '');
      json(res, 200, { tokens: (content.match(/.{1,4}/gs) ?? []).map((_, i) => i) });
      return true;
    }
    default:
      return false;
  }
};

const llamaModel = (ctx: Context): string =>
  ctx.o.llama ?? [...ctx.installed].find((m) => m.startsWith('kimi')) ?? [...ctx.installed][0] ?? 'none';

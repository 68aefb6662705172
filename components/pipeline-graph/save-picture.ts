import type { PipelineView } from '#server/domain/views/pipeline.ts';
import type { Placed } from './layout.ts';
import { pictureTokens, svgOf, type Tokens } from './picture.ts';

/** Browsers refuse canvases beyond this; a larger picture is drawn smaller. */
const mostPixels = 60_000_000;
const mostSide = 16_000;

function tokensOfPage(): Tokens {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    pictureTokens.map((t) => {
      const value = style.getPropertyValue(`--${t}`).trim();
      const inner = /^var\((--[\w-]+)\)$/.exec(value)?.[1];
      return [t, inner ? style.getPropertyValue(inner).trim() : value];
    }),
  ) as Tokens;
}

function download(blob: Blob, name: string): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

/** Draws the SVG on a canvas. Throws when the browser cannot. */
async function pngOf(svg: string, width: number, height: number): Promise<Blob> {
  const image = new Image();
  // A data address, because the content policy allows pictures from nowhere else.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(2, Math.sqrt(mostPixels / (width * height)), mostSide / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const paper = canvas.getContext('2d');
  if (!paper) throw new Error('no canvas');
  paper.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((b) => (b ? resolve(b) : reject(new Error('no picture'))), 'image/png'),
  );
}

/** Saves the whole pipeline, not only what is on the screen, in the colours of the page. */
export async function savePicture(
  kind: 'svg' | 'png',
  view: PipelineView,
  placed: Placed,
  says: string,
): Promise<void> {
  const svg = svgOf(view, placed, tokensOfPage(), says);
  const name = `pipeline-${view.id}.${kind}`;
  if (kind === 'svg') return download(new Blob([svg], { type: 'image/svg+xml' }), name);
  const [, width = 1, height = 1] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)?.map(Number) ?? [];
  download(await pngOf(svg, width, height), name);
}

import { type LayoutAnswer, type LayoutRequest, layOut } from './layout-message.ts';

// Off the main thread, so that a large pipeline never holds up the page while it is laid out.
addEventListener('message', (e: MessageEvent<LayoutRequest>) => {
  const answer: LayoutAnswer = layOut(e.data);
  postMessage(answer);
});

import type { MetadataRoute } from 'next';

/** Installed, it opens on the phone's one screen. The colours are the dark paper's: a manifest knows no tokens. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    id: '/status',
    name: 'ALAI Mission Control',
    short_name: 'Mission Control',
    description: 'Is anything stuck, what needs you, what did it cost.',
    start_url: '/status',
    scope: '/',
    display: 'standalone',
    background_color: '#0c0e12',
    theme_color: '#0c0e12',
    icons: [
      { src: '/icons/192.png', sizes: '192x192', type: 'image/png' },
      { src: '/icons/512.png', sizes: '512x512', type: 'image/png' },
      { src: '/icons/maskable-192.png', sizes: '192x192', type: 'image/png', purpose: 'maskable' },
      { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
    ],
  };
}

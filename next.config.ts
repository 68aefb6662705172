import type { NextConfig } from 'next';

/** Sent with every answer. The content security policy carries a nonce, so `proxy.ts` adds that one per request. */
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
];

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // Types are checked by `npm test` with TypeScript 7, which Next's own checker does not know.
  typescript: { ignoreBuildErrors: true },
  // These load files or native code at run time; bundling them breaks them.
  serverExternalPackages: [
    'pg',
    'bullmq',
    'ioredis',
    'pino',
    '@prisma/client',
    '@prisma/adapter-pg',
    'execa',
  ],
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
};

export default config;

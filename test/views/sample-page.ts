/** What every page is given. */
export const page = (title: string) => ({
  lang: 'en',
  dir: 'ltr',
  title,
  brandName: 'Riverside Health',
  cssHref: '/assets/gatehouse.css',
  passkeyHref: '/assets/passkey.js',
  reference: 'kq7h-3mzt-9w2c',
});

export const form = (step: string) => ({ action: '/interaction/4f1c', csrf: 'csrf-5Zq1', step });

import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../../../src/browser/index.ts', import.meta.url));

/** @type {import('@storybook/html-vite').StorybookConfig} */
export default {
  framework: '@storybook/html-vite',
  stories: ['../stories/*.stories.js'],
  staticDirs: [{ from: '../node_modules/msw/lib/mockServiceWorker.js', to: '/mockServiceWorker.js' }],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  viteFinal: (config) => ({
    ...config,
    resolve: { ...config.resolve, alias: { 'sallyport/browser': sources } },
  }),
};

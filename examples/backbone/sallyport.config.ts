import { defineConfig } from 'sallyport/config';

export default defineConfig({
  to: 'http://127.0.0.1:3001',
  mode: 'enforce',
  protect: ['/todos/**'],
});

/** Builds the page to dist/page: the app, its worker with sqlite3.wasm, and the service worker that stores them all. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compress } from './build/compress.ts'
import { precache } from './build/precache.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const server = `http://localhost:${process.env.PORT ?? 4820}`

export default defineConfig({
  root: path('.'),
  plugins: [react(), precache(path('public')), compress()],
  worker: { format: 'es' },
  build: {
    outDir: path('dist/page'),
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: {
      input: { index: path('index.html'), sw: path('src/sw/sw.ts') },
      output: {
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { proxy: { '/sync': server, '/demo': server } },
})
